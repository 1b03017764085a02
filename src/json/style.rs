//! How JSON is written.

/// How JSON is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JsonStyle {
    /// With line breaks, indented by two spaces; otherwise on one line.
    pub pretty: bool,
    /// For people and for tools that do not know the `$` names, as in RFC 8949, 6.1: tags are dropped, byte strings
    /// become base64url without padding, NaN and the infinities become null. A key that is a number or a word becomes
    /// its JSON, any other key that is not text the base64url of its CBOR. Such JSON cannot be read back without loss.
    pub plain: bool,
    /// Writes only the rows of an envelope, `{"<id>": {…}}`.
    pub rows_only: bool,
}
