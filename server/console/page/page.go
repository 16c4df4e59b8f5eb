package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed templates
var ours embed.FS

// Renderer writes pages. It is safe for concurrent use.
type Renderer struct{ pages map[string]*template.Template }

// New reads the templates of this package, and those of others, each a directory
// "templates" with one file for each page: it defines "main", and is in the frame.
func New(more ...fs.FS) (*Renderer, error) {
	p := &Renderer{pages: map[string]*template.Template{}}
	frame, err := template.ParseFS(ours, "templates/frame.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	for _, from := range append([]fs.FS{ours}, more...) {
		names, err := fs.Glob(from, "templates/*.html")
		if err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
		for _, name := range names {
			if base := path.Base(name); base == "frame.html" || base == "parts.html" {
				continue
			}
			whole, err := template.Must(frame.Clone()).ParseFS(from, name)
			if err != nil {
				return nil, fmt.Errorf("pages: %w", err)
			}
			p.pages[strings.TrimSuffix(path.Base(name), ".html")] = whole
		}
	}
	return p, nil
}

// Page is what a template is given.
type Page struct {
	// Name is the template's.
	Name string
	// Status of HTTP; zero for 200.
	Status int
	// Title is the key of a text.
	Title string
	// User is who has signed in; empty if nobody has.
	User string
	// Problem is the key of what was wrong with what was sent, Detail more of it.
	Problem, Detail string
	// Data is the template's own.
	Data any

	language readerLanguage
	here     string
}

// Write renders a page in the reader's language.
func (p *Renderer) Write(w http.ResponseWriter, r *http.Request, page Page) error {
	page.language, page.here = languageOf(r), r.URL.RequestURI()
	if r.Method != http.MethodGet {
		page.here = r.URL.Path
	}
	whole, ok := p.pages[page.Name]
	if !ok {
		return fmt.Errorf("pages: there is none of the name %q", page.Name)
	}
	var body bytes.Buffer // so that a page is whole, or not there
	if err := whole.ExecuteTemplate(&body, "frame.html", &page); err != nil {
		return fmt.Errorf("pages: %w", err)
	}
	Protect(w)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", page.Language())
	w.Header().Add("Vary", "Accept-Language, Cookie")
	if page.Status != 0 {
		w.WriteHeader(page.Status)
	}
	_, err := body.WriteTo(w)
	return err
}

// policy lets a page have what this server gives it, and nothing else: no script
// and no style inside of it, no frame, no other host.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Protect sets the headers of everything that is for one person alone.
func Protect(w http.ResponseWriter) {
	for name, value := range map[string]string{
		"Content-Security-Policy":      policy,
		"Cache-Control":                "no-store",
		"Referrer-Policy":              "same-origin",
		"X-Content-Type-Options":       "nosniff",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		w.Header().Set(name, value)
	}
}

// Text returns a text in the language of who reads the answer to a request.
func Text(r *http.Request, key string) string { return texts[key][languageOf(r)] }

// T returns a text in the reader's language; args fill what is left open in it.
func (p *Page) T(key string, args ...any) (string, error) {
	text, ok := texts[key]
	if !ok {
		return "", fmt.Errorf("there is no text %q", key)
	}
	if len(args) == 0 {
		return text[p.language], nil
	}
	return fmt.Sprintf(text[p.language], args...), nil
}

// Language is the reader's, as HTML names it.
func (p *Page) Language() string { return tags[p.language].String() }

// OtherLanguage is the one to change to.
func (p *Page) OtherLanguage() string { return tags[1-p.language].String() }

// Here is the page's own address, with what follows the question mark.
func (p *Page) Here() string { return p.here }
