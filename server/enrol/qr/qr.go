// Package qr draws a line of text as a QR code, for a camera to read from a
// screen or a sheet of paper. It knows nothing of what the text means.
package qr

import (
	"errors"
	"strings"

	code "github.com/piglig/go-qr"
)

// quietModules is the margin that ISO/IEC 18004 asks for.
const quietModules = 4

// pixelsPerModule makes a picture of some 700 pixels, which prints sharp.
const pixelsPerModule = 8

// PNG returns the code as a picture.
func PNG(text string) ([]byte, error) {
	c, err := encode(text)
	if err != nil {
		return nil, err
	}
	return c.ToPNGBytes(code.NewQrCodeImgConfig(pixelsPerModule, quietModules))
}

// Terminal returns the code as lines of text for a terminal, two modules high
// each. Light is drawn and dark left out: terminals are dark as a rule, and where
// one is light most readers take the inverse too.
func Terminal(text string) (string, error) {
	c, err := encode(text)
	if err != nil {
		return "", err
	}
	light := func(x, y int) bool { return y < c.Size()+quietModules && !c.Module(x, y) }
	var drawn strings.Builder
	for y := -quietModules; y < c.Size()+quietModules; y += 2 {
		for x := -quietModules; x < c.Size()+quietModules; x++ {
			switch top, bottom := light(x, y), light(x, y+1); {
			case top && bottom:
				drawn.WriteRune('█')
			case top:
				drawn.WriteRune('▀')
			case bottom:
				drawn.WriteRune('▄')
			default:
				drawn.WriteRune(' ')
			}
		}
		drawn.WriteByte('\n')
	}
	return drawn.String(), nil
}

// encode leaves room for a scratch or a fold: 15 % of the code may be lost.
func encode(text string) (*code.QrCode, error) {
	if text == "" {
		return nil, errors.New("qr: nothing to draw")
	}
	return code.EncodeText(text, code.Medium)
}
