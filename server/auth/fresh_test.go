package auth

import (
	"errors"
	"slices"
	"testing"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
)

// Who finds an office with a browser open does not revoke, export, erase or publish.
func TestWhatAnOldSessionDoesNotDo(t *testing.T) {
	want := []string{
		syncv1connect.RightsServiceEraseProcedure, syncv1connect.RightsServiceExportProcedure,
		directoryv1connect.DirectoryServiceRevokeDeviceProcedure, directoryv1connect.DirectoryServiceWipeDeviceProcedure, directoryv1connect.DirectoryServiceUnlockDeviceProcedure, directoryv1connect.DirectoryServiceGetDeviceManifestProcedure, directoryv1connect.DirectoryServiceSetUserStatusProcedure,
		reportv1connect.ReportServicePublishReportProcedure,
	}
	for procedure, need := range needs {
		if need.Fresh != slices.Contains(want, procedure) {
			t.Errorf("%s: asks for a fresh proof: %t", procedure, need.Fresh)
		}
	}
	for _, c := range []struct {
		who   Principal
		fresh bool
	}{
		{Principal{Session: SessionID{1}}, false},
		{Principal{Session: SessionID{1}, Proven: true}, true},
		{Principal{}, true}, // a device
	} {
		if err := c.who.Fresh(); (err == nil) != c.fresh || err != nil && !errors.Is(err, ErrProve) {
			t.Errorf("%+v: %v", c.who, err)
		}
	}
}
