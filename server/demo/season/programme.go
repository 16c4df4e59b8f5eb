package season

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
)

// programmesJSON holds facts of real programmes, taken from what was published
// about them.
//
//go:embed programmes.json
var programmesJSON []byte

// Programme is what was published about a programme.
type Programme struct {
	ID   string `json:"id"`
	Name struct {
		English   string `json:"en"`
		Ukrainian string `json:"uk"`
	} `json:"name"`
	Donor                  string  `json:"donor"`
	Implementer            string  `json:"implementer"`
	Communities            []Place `json:"communities"`
	CounsellingCommunities []Place `json:"counselling_communities"`
	Training               struct {
		Days   int      `json:"days"`
		Topics []string `json:"topics"`
		From   string   `json:"from"`
		To     string   `json:"to"`
	} `json:"training"`
}

// Place is a community of a programme.
type Place struct {
	Name      string `json:"name"`
	Ukrainian string `json:"name_uk"`
	Oblast    string `json:"oblast"`
}

// programmeID is the programme that the season plays.
const programmeID = "p1-donbas-stabilisation"

func readProgramme() (*Programme, error) {
	// The programmes have lists of other shapes under one key, so only the one
	// that is played is read whole.
	var file struct {
		Programmes []json.RawMessage `json:"programmes"`
	}
	if err := json.Unmarshal(programmesJSON, &file); err != nil {
		return nil, fmt.Errorf("season: programmes.json: %w", err)
	}
	i := slices.IndexFunc(file.Programmes, func(raw json.RawMessage) bool {
		var named struct {
			ID string `json:"id"`
		}
		return json.Unmarshal(raw, &named) == nil && named.ID == programmeID
	})
	if i < 0 {
		return nil, fmt.Errorf("season: programmes.json: no programme %q", programmeID)
	}
	var p Programme
	if err := json.Unmarshal(file.Programmes[i], &p); err != nil {
		return nil, fmt.Errorf("season: programmes.json: %s: %w", programmeID, err)
	}
	return &p, nil
}

// place returns the i-th of the places. A season that has more than the
// programme begins again, numbered.
func place(places []Place, i int) Place {
	p := places[i%len(places)]
	if round := i / len(places); round > 0 {
		p.Name = fmt.Sprintf("%s %d", p.Name, round+1)
		p.Ukrainian = fmt.Sprintf("%s %d", p.Ukrainian, round+1)
	}
	return p
}
