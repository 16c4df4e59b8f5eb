package qr

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	code "github.com/piglig/go-qr"
)

const line = "zhurnal:enrol?v=1&server=https%3A%2F%2Fregister.example.org&organisation=01020300000000000000000000000000&secret=CQgHAAAAAAAAAAAAAAAAAA"

func TestAPictureIsReadAsItWasDrawn(t *testing.T) {
	for _, text := range []string{line, line + strings.Repeat("&pin="+strings.Repeat("A", 43), 4), "Планшет"} {
		picture, err := PNG(text)
		if err != nil {
			t.Fatal(err)
		}
		drawn, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		if read, err := code.Decode(drawn); err != nil || read != text {
			t.Errorf("%q is read as %q, %v", text, read, err)
		}
	}
}

func TestWhatATerminalShowsIsReadAsItWasDrawn(t *testing.T) {
	drawn, err := Terminal(line)
	if err != nil {
		t.Fatal(err)
	}
	if read, err := code.Decode(photograph(drawn)); err != nil || read != line {
		t.Errorf("read as %q, %v\n%s", read, err, drawn)
	}
}

// photograph is the terminal's picture: each half of a character is a module.
func photograph(drawn string) image.Image {
	rows := strings.Split(strings.TrimSuffix(drawn, "\n"), "\n")
	const scale = 4
	width := len([]rune(rows[0]))
	picture := image.NewGray(image.Rect(0, 0, width*scale, 2*len(rows)*scale))
	for y, row := range rows {
		for x, char := range []rune(row) {
			for half, light := range []bool{char == '█' || char == '▀', char == '█' || char == '▄'} {
				for i := range scale * scale {
					if light {
						picture.Set(x*scale+i%scale, (2*y+half)*scale+i/scale, color.White)
					}
				}
			}
		}
	}
	return picture
}

func TestNothingAndTooMuchIsNotDrawn(t *testing.T) {
	for _, text := range []string{"", strings.Repeat("a", 3000)} {
		if _, err := PNG(text); err == nil {
			t.Errorf("%d characters are drawn as a picture", len(text))
		}
		if _, err := Terminal(text); err == nil {
			t.Errorf("%d characters are drawn on a terminal", len(text))
		}
	}
}
