package ledger_test

import "testing"

// suite is everything that a ledger promises.
var suite = []struct {
	name string
	run  func(*testing.T, engine)
}{
	{"AuditFindsTampering", testAuditFindsTampering},
	{"RewrittenHistoryDoesNotMatchSignedCheckpoints", testRewrittenHistoryDoesNotMatchSignedCheckpoints},
	{"OpenRefuses", testOpenRefuses},
	{"AdministrationBesideTheServer", testAdministrationBesideTheServer},
	{"KilledServerKeepsWhatItAcknowledged", testKilledServerKeepsWhatItAcknowledged},
	{"Blobs", testBlobs},
	{"PendingBlobsAreBounded", testPendingBlobsAreBounded},
	{"Pull", testPull},
	{"ConsistencyFromEverySize", testConsistencyFromEverySize},
	{"PushTwiceGivesTheSameReceipt", testPushTwiceGivesTheSameReceipt},
	{"ForkFreezes", testForkFreezes},
	{"EndedKeySignsNoMore", testEndedKeySignsNoMore},
	{"ReplacedStationGoesOn", testReplacedStationGoesOn},
	{"GapNamesTheNextNumber", testGapNamesTheNextNumber},
	{"RefusedPushStoresNothing", testRefusedPushStoresNothing},
	{"WhoMayPushWhat", testWhoMayPushWhat},
	{"VaultHandsInWhatAStationSigned", testVaultHandsInWhatAStationSigned},
	{"WhoMaySeeWhichChain", testWhoMaySeeWhichChain},
	{"EverySingleBitOfAnEnvelope", testEverySingleBitOfAnEnvelope},
	{"Revoked", testRevoked},
	{"OfficerWhoLeft", testOfficerWhoLeft},
	{"BackupDrill", testBackupDrill},
	{"BackupRefuses", testBackupRefuses},
	{"BackupDamage", testBackupDamage},
	{"RestoreGoesOn", testRestoreGoesOn},
	{"ReplicasRace", testReplicasRace},
	{"ReplicasFork", testReplicasFork},
	{"ReplicasBegin", testReplicasBegin},
	{"ClockJumps", testClockJumps},
	{"Uploads", testUploads},
	{"PasswordStaysSecret", testPasswordStaysSecret},
	{"WeakDatabase", testWeakDatabase},
	{"DiskFull", testDiskFull},
	{"OlderFile", testOlderFile},
}
