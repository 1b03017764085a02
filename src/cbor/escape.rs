//! Text in double quotes, escaped the same way in diagnostic notation and in JSON. Control characters are
//! escaped, those above ASCII included, so that neither can steer a terminal.

/// The most text that is escaped in one piece, in bytes; it may grow sixfold.
const PIECE: usize = 64 * 1024;

/// Splits UTF-8 into pieces that [`push_escaped`] can take.
pub(crate) fn pieces(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let cut = rest.len().min(PIECE);
        let splits_control = *rest[..cut].last()? == 0xC2;
        let (piece, left) = rest.split_at(if splits_control { cut + 1 } else { cut });
        rest = left;
        Some(piece)
    })
}

/// What classes of bytes there are in a text: a union of [`MAY_NEED_ESCAPE`] and [`ABOVE_ASCII`].
pub(crate) fn classify(text: &[u8]) -> u8 {
    text.iter().fold(0, |classes, byte| classes | CLASSES[usize::from(*byte)])
}

/// Appends one of the [`pieces`] with its escapes. Bytes above ASCII are unchanged, except in the control
/// characters U+0080 to U+009F, whose first byte is 0xC2; no piece ends with it.
pub(crate) fn push_escaped(out: &mut Vec<u8>, piece: &[u8]) {
    let mut plain = 0;
    let mut at = 0;
    while let Some(&byte) = piece.get(at) {
        if CLASSES[usize::from(byte)] & MAY_NEED_ESCAPE == 0 {
            at += 1;
            continue;
        }
        let (taken, code) = match (byte, piece.get(at + 1)) {
            (0xC2, Some(&next)) if next < 0xA0 => (2, next),
            (0xC2, _) => {
                at += 2;
                continue;
            }
            _ => (1, byte),
        };
        out.extend_from_slice(&piece[plain..at]);
        match code {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&hexadecimal(code));
            }
        }
        at += taken;
        plain = at;
    }
    out.extend_from_slice(&piece[plain..]);
}

/// The two digits of a byte.
pub(crate) fn hexadecimal(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)])
}

/// Bytes that are escaped, or that begin a character that may be.
pub(crate) const MAY_NEED_ESCAPE: u8 = 1;
pub(crate) const ABOVE_ASCII: u8 = 2;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        if byte < 0x20 || byte == b'"' as usize || byte == b'\\' as usize || byte == 0x7f || byte == 0xC2 {
            classes[byte] |= MAY_NEED_ESCAPE;
        }
        if byte >= 0x80 {
            classes[byte] |= ABOVE_ASCII;
        }
        byte += 1;
    }
    classes
};
