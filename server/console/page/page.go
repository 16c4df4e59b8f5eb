package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
)

//go:embed templates
var ours embed.FS

// Renderer writes pages. It is safe for concurrent use.
type Renderer struct {
	pages map[string]*template.Template
	now   func() int64 // milliseconds since 1970
}

// New reads the templates of this package, and those of others, each a directory
// "templates" with one file for each page: it defines "main", and is in the frame.
// What parts.html defines there is for all pages of that directory. now is the
// clock, in milliseconds since 1970.
func New(now func() int64, more ...fs.FS) (*Renderer, error) {
	p := &Renderer{pages: map[string]*template.Template{}, now: now}
	frame, err := template.ParseFS(ours, "templates/frame.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	for _, from := range append([]fs.FS{ours}, more...) {
		names, err := fs.Glob(from, "templates/*.html")
		if err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
		shared, err := frame.Clone()
		if err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
		if i := slices.Index(names, "templates/parts.html"); i >= 0 && from != fs.FS(ours) {
			if shared, err = shared.ParseFS(from, names[i]); err != nil {
				return nil, fmt.Errorf("pages: %w", err)
			}
		}
		for _, name := range names {
			if base := path.Base(name); base == "frame.html" || base == "parts.html" {
				continue
			}
			whole, err := template.Must(shared.Clone()).ParseFS(from, name)
			if err != nil {
				return nil, fmt.Errorf("pages: %w", err)
			}
			p.pages[strings.TrimSuffix(path.Base(name), ".html")] = whole
		}
	}
	return p, nil
}

// Place is a page on the way to others.
type Place struct {
	Path string
	// Text is the key of its name.
	Text string
}

// Page is what a template is given.
type Page struct {
	// Name is the template's.
	Name string
	// Status of HTTP; zero for 200.
	Status int
	// Title is the key of a text; Heading takes its place where a page is about one
	// thing that has a name.
	Title, Heading string
	// User is who has signed in; empty if nobody has.
	User string
	// Problem is the key of what was wrong with what was sent, Detail more of it.
	Problem, Detail string
	// Places are the pages that the reader may open; none for who has not signed in.
	Places []Place
	// Section is the path of the place that the page belongs to, where that is not
	// the begin of its own.
	Section string
	// Wide gives the page all the room there is.
	Wide bool
	// Done is the key of what has just been done.
	Done string
	// Data is the template's own.
	Data any

	language readerLanguage
	here     string
	now      int64
}

// Write renders a page in the reader's language.
func (p *Renderer) Write(w http.ResponseWriter, r *http.Request, page Page) error {
	page.language, page.here = languageOf(r), r.URL.RequestURI()
	if r.Method != http.MethodGet {
		page.here = r.URL.Path
	}
	page.now = p.now()
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

// Has tells whether there is a text.
func Has(key string) bool {
	_, ok := texts[key]
	return ok
}

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

// With is the page with other data, for a part of a template.
func (p *Page) With(data any) *Page {
	with := *p
	with.Data = data
	return &with
}

// TitleText is what the page is called.
func (p *Page) TitleText() (string, error) {
	if p.Heading != "" {
		return p.Heading, nil
	}
	return p.T(p.Title)
}

// IsIn tells whether the page is under a path.
func (p *Page) IsIn(path string) bool {
	if p.Section != "" {
		return path == p.Section
	}
	here, _, _ := strings.Cut(p.here, "?")
	return here == path || strings.HasPrefix(here, path+"/")
}

// Language is the reader's, as HTML names it.
func (p *Page) Language() string { return tags[p.language].String() }

// OtherLanguage is the one to change to.
func (p *Page) OtherLanguage() string { return tags[1-p.language].String() }

// Here is the page's own address, with what follows the question mark.
func (p *Page) Here() string { return p.here }
