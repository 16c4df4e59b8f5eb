package directory_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

const (
	year2026 = 1_767_225_600_000
	hour     = 60 * 60 * 1000
)

// types are made once.
var types = sync.OnceValues(catalogue.Types)

// office is an organisation's directory on an engine of its own.
type office struct {
	testing.TB
	disk   *store.Memory
	kept   string // the register
	file   *register.File
	clock  atomic.Int64
	engine *syncengine.Engine
	dir    *directory.Directory
	org    directory.OrganisationID
	admin  merge.PersonID
}

func newOffice(t testing.TB) *office {
	t.Helper()
	o := &office{TB: t, disk: store.NewMemory(), kept: filepath.Join(t.TempDir(), "register")}
	o.clock.Store(year2026)
	o.open()
	t.Cleanup(func() { o.close() })
	o.org = must(o.dir.AddOrganisation(o.Context(), merge.PersonID{}, "Опора"))(t)
	o.admin = o.user("Iryna")
	return o
}

func (o *office) options() syncengine.Options {
	types, err := types()
	o.must(err)
	return syncengine.Options{Memory: o.disk, Schema: types, Now: o.clock.Load, Random: rand.Reader, Register: o.file, EndRow: directory.EndRow}
}

func (o *office) open() {
	o.Helper()
	var err error
	o.file, err = register.Open(o.kept)
	o.must(err)
	o.openWith(o.options())
}

func (o *office) openWith(options syncengine.Options) {
	o.Helper()
	options.Register = o.file
	var err error
	o.engine, err = syncengine.Open(options)
	o.must(err)
	o.dir, err = directory.Open(o.engine, o.clock.Load, rand.Reader)
	o.must(err)
}

func (o *office) close() {
	_ = o.engine.Close()
	_ = o.file.Close()
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// must returns what there is unless there is an error.
func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func (o *office) tenant() *directory.Tenant { return o.dir.In(o.org) }

func (o *office) view() *directory.View {
	o.Helper()
	return must(o.dir.View())(o)
}

func (o *office) user(name string) merge.PersonID {
	o.Helper()
	return must(o.tenant().AddUser(o.Context(), merge.PersonID{}, merge.PersonID{}, name))(o)
}

// invite makes an invitation that holds for an hour, and returns its secret.
func (o *office) invite(user merge.PersonID, secret string) directory.InvitationID {
	o.Helper()
	return must(o.tenant().Invite(o.Context(), o.admin, directory.NewInvitation{
		User: user, SecretHash: sha256.Sum256([]byte(secret)), ExpiresAt: o.clock.Load() + hour,
		Medium: directoryv1.InvitationMedium_INVITATION_MEDIUM_SCREEN,
	}))(o)
}

func tablet(number byte) directory.NewDevice {
	key := make([]byte, 32)
	key[0] = number
	return directory.NewDevice{TabletLabel: "tablet", Algorithm: directoryv1.KeyAlgorithm_KEY_ALGORITHM_ED25519, PublicKey: key}
}

func (o *office) use(secret string, number byte) (directory.DeviceID, error) {
	n := tablet(number)
	n.Organisation = o.org
	id, _, err := o.dir.UseInvitation(o.Context(), sha256.Sum256([]byte(secret)), n)
	return id, err
}

// device enrols a tablet of a user.
func (o *office) device(user merge.PersonID, number byte) directory.DeviceID {
	o.Helper()
	secret := string([]byte{number}) + user.String()
	o.invite(user, secret)
	return must(o.use(secret, number))(o)
}

// backedUp makes a backup file.
func (o *office) backedUp() (file string) {
	o.Helper()
	file = filepath.Join(o.TempDir(), "backup")
	_, err := backup.WriteFile(file, func(to io.Writer) (backup.Written, error) {
		return o.engine.Backup(context.Background(), to)
	})
	o.must(err)
	return file
}

// restore loses the disk and goes on with what a backup and the register make.
func (o *office) restore(file string) {
	o.Helper()
	o.close()
	contents, err := register.Read(o.kept)
	o.must(err)
	o.disk = store.NewMemory()
	_, err = syncengine.Restore(o.options(), file, contents)
	o.must(err)
	o.open()
}

func (o *office) mustBeHealthy() {
	o.Helper()
	o.close()
	_, err := syncengine.Check(context.Background(), syncengine.Options{Memory: o.disk}, "", func(d syncengine.Damage) { o.Error(d) })
	o.must(err)
}
