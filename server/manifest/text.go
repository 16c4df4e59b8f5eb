package manifest

import (
	"fmt"
	"io"
	"strings"
	"time"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
)

// WriteText writes a manifest for a person to read.
func WriteText(w io.Writer, m *directoryv1.DeviceManifest) error {
	text := new(strings.Builder)
	fmt.Fprintf(text, "device %x, %q, of user %x\n", m.DeviceId, m.TabletLabel, m.UserId)
	fmt.Fprintf(text, "enrolled %s; %s", at(m.EnrolledMillis), word(m.Status.String(), "DEVICE_STATUS_"))
	if m.StatusMillis != 0 {
		fmt.Fprintf(text, " since %s", at(m.StatusMillis))
	}
	fmt.Fprintf(text, "; given something last %s\n", at(m.LastServedMillis))
	if m.KnownSinceMillis == 0 || m.KnownSinceMillis > m.EnrolledMillis {
		fmt.Fprintf(text, "What devices were given is known since %s alone: it may hold more than is listed.\n", at(m.KnownSinceMillis))
	}
	for _, s := range m.Spaces {
		writeSpace(text, s)
	}
	text.WriteString("\nNot counted: what a hub has shown it, and what was written on it and has not come home.\n")
	if _, err := io.WriteString(w, text.String()); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

func writeSpace(text *strings.Builder, s *directoryv1.ManifestSpace) {
	fmt.Fprintf(text, "\nspace %x, %q, %s\n", s.SpaceId, s.Name, word(s.Kind.String(), "SPACE_KIND_"))
	if s.ServedThrough == 0 {
		text.WriteString("  is or was for its user; nothing is known to have been given\n")
		return
	}
	fmt.Fprintf(text, "  given up to position %d of %d, last %s\n", s.ServedThrough, s.Position, at(s.LastServedMillis))
	for _, t := range s.Types {
		fmt.Fprintf(text, "  %6d %s", t.Records+t.ChangedSince, t.Type)
		if t.ChangedSince > 0 {
			fmt.Fprintf(text, ", %d of them written to since", t.ChangedSince)
		}
		if t.Erased > 0 {
			fmt.Fprintf(text, ", %d of persons erased since", t.Erased)
		}
		text.WriteString("\n")
		for _, by := range t.Sensitivities {
			fmt.Fprintf(text, "         %6d %s\n", by.Records, word(by.Sensitivity.String(), "SENSITIVITY_"))
		}
		if t.Sealed > 0 {
			fmt.Fprintf(text, "         %6d with something sealed\n", t.Sealed)
		}
	}
}

func word(name, prefix string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, prefix)), "_", " ")
}

func at(millis int64) string {
	if millis == 0 {
		return "never"
	}
	return time.UnixMilli(millis).UTC().Format("2006-01-02 15:04:05Z")
}
