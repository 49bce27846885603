package dialect

// What things count for in an estimate: bytes of text a token, and tokens an image or another medium.
const (
	estimateBytes = 4
	estimateImage = 1600
)

// EstimateTokens guesses how many tokens the model reads for a request, for clients that want a number where the
// upstream tells none: a token for each four bytes of text, which is about right for English and too low for code.
func EstimateTokens(r *Request) int64 {
	total, media := 0, 0
	for i := range r.Messages {
		bytes, images := estimateParts(r.Messages[i].Parts)
		total += bytes + estimateBytes*3 // Every turn has a frame of some tokens.
		media += images
	}
	for i := range r.Tools {
		t := &r.Tools[i]
		total += len(t.Name) + len(t.Description) + len(t.Schema) + len(t.Raw) + len(t.Grammar)
	}
	total += len(r.Format.Schema)
	return int64((total+estimateBytes-1)/estimateBytes + media*estimateImage)
}

// estimateParts counts bytes of text, and media.
func estimateParts(parts []Part) (bytes, media int) {
	for i := range parts {
		p := &parts[i]
		bytes += len(p.Text)
		switch {
		case p.Media != nil && p.Media.Text != "":
			bytes += len(p.Media.Text)
		case p.Media != nil:
			media++
		case p.Call != nil:
			bytes += len(p.Call.Name) + len(p.Call.Args) + len(p.Call.Input)
		case p.Result != nil:
			inner, images := estimateParts(p.Result.Parts)
			bytes += inner + len(p.Result.Data)
			media += images
		case p.ServerResult != nil:
			bytes += len(ServerText(p))
		}
	}
	return bytes, media
}
