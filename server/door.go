package main

import (
	"crypto/rand"

	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
)

// openDoor opens the directory of a register, and what lets its devices in. Hub is
// the id of a hub's store; zero at home.
func openDoor(engine *syncengine.Engine, hub credential.HubID) (*directory.Directory, *enrol.Service, error) {
	known, err := directory.Open(engine, nowMillis, rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	door, err := enrol.New(enrol.Options{Directory: known, Now: nowMillis, Random: rand.Reader, Hub: hub})
	return known, door, err
}
