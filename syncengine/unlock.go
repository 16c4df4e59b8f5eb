package syncengine

import "github.com/zhurnal/zhurnal/syncengine/credential"

// UnlockKey returns what a device and this store have in common, by which a tablet
// is unlocked that meets nobody. It is the same for good, also in a store that was
// restored, so a tablet that is away keeps no wrong one.
func (e *Engine) UnlockKey(device credential.DeviceID) (credential.UnlockKey, error) {
	secret := e.store.Secret()
	return credential.UnlockKeyOf(secret[:], device)
}
