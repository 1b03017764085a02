//! How JSON is written.

/// How JSON is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JsonStyle {
    /// With line breaks, indented by two spaces; otherwise on one line.
    pub pretty: bool,
    /// For people and for tools that do not know the forms of what JSON cannot hold, as in RFC 8949, 6.1:
    /// tags are dropped, byte strings are base64url without padding, NaN and the infinities are null. A key
    /// that is a number or a word is its JSON, any other the base64url of its CBOR. It cannot be read back.
    pub plain: bool,
    /// Of an envelope only its rows, `{"<id>": {…}}`.
    pub rows_only: bool,
}
