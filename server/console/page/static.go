package page

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
)

//go:embed static
var static embed.FS

// Handle serves what all pages share.
func Handle(mux *http.ServeMux) {
	mux.HandleFunc("GET /page/{name}", serveStatic)
	mux.HandleFunc("GET /language/{tag}", chooseLanguage)
}

var contentTypes = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// serveStatic lets browsers keep a file and ask each time whether it is the same.
func serveStatic(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	data, err := static.ReadFile("static/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	hash := sha256.Sum256(data)
	tag := `"` + hex.EncodeToString(hash[:8]) + `"`
	Protect(w)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", tag)
	w.Header().Set("Content-Type", contentTypes[path.Ext(name)])
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(data) // the browser has gone
}
