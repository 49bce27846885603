package simulator

import (
	"encoding/base64"
	"hash/crc32"
	"strconv"
	"strings"
)

// Those who sign thoughts.
const (
	claudeSigner = "claude"
	geminiSigner = "gemini"
	openAISigner = "openai"
	kiroSigner   = "kiro"
)

// sign makes the proof that a thought came from the signer: opaque to clients, and of no use when it is cut or comes
// from another vendor.
func sign(signer, thought string) string {
	text := signer + ":" + thought
	sum := strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(text))), 16)
	return base64.StdEncoding.EncodeToString([]byte("sim:" + sum + ":" + text))
}

// signedBy tells whether a signature is whole and of the signer. As with the real ones, the thought beside it may have
// been changed.
func signedBy(signer, signature string) bool {
	decoded, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	parts := strings.SplitN(string(decoded), ":", 4)
	return len(parts) == 4 && parts[0] == "sim" && parts[2] == signer && sign(signer, parts[3]) == signature
}
