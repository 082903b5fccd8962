package issuance_test

var legacyCalls []uint32

func legacyCall(uint32) deedKind { return deedSaid }
