// Asks the browser for a passkey: a button with data-passkey="get" or "create"
// sends its form to data-begin, hands what comes back to the browser, and sends
// the browser's answer to data-finish. Without this file, or in a browser that
// cannot do it, those buttons stay hidden and the page works by password.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function decode(options) {
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const list of [options.allowCredentials, options.excludeCredentials]) {
    for (const one of list || []) one.id = bytes(one.id);
  }
  return options;
}

function encode(credential) {
  const from = credential.response;
  const response = { clientDataJSON: text(from.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (from[name]) response[name] = text(from[name]);
  }
  if (from.getTransports) response.transports = from.getTransports();
  return {
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
    authenticatorAttachment: credential.authenticatorAttachment || undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function send(path, body, type) {
  const answer = await fetch(path, { method: "POST", body, headers: { "Content-Type": type }, credentials: "same-origin" });
  const read = await answer.json();
  if (read.to) location.assign(read.to);
  else if (!answer.ok) throw { shown: read.problem };
  return read;
}

function show(button, problem) {
  let at = document.getElementById("problem");
  if (!at) {
    at = document.createElement("p");
    at.id = "problem";
    at.className = "problem";
    at.setAttribute("role", "alert");
    document.querySelector("h1").after(at);
  }
  at.textContent = problem;
  button.disabled = false;
}

async function run(button) {
  const form = button.form;
  for (const field of form ? form.elements : []) {
    if (!("passkeySkip" in field.dataset) && !field.reportValidity()) return;
  }
  button.disabled = true;
  try {
    const begun = await send(button.dataset.begin, new URLSearchParams(form ? new FormData(form) : []), "application/x-www-form-urlencoded");
    if (begun.to) return;
    const how = { publicKey: decode(begun.publicKey) };
    const made = button.dataset.passkey === "create" ? await navigator.credentials.create(how) : await navigator.credentials.get(how);
    await send(button.dataset.finish, JSON.stringify(encode(made)), "application/json");
  } catch (problem) {
    show(button, problem.shown || button.dataset.cancelled);
  }
}

if (window.PublicKeyCredential) {
  for (const part of document.querySelectorAll("[data-needs-passkey]")) part.hidden = false;
  for (const button of document.querySelectorAll("button[data-passkey]")) button.addEventListener("click", () => run(button));
}
