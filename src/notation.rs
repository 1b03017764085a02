//! stub
use crate::DecodeError;
use std::io::{self, Write};
/// stub
pub fn notation(value: &[u8], _: Option<usize>, out: &mut impl Write) -> io::Result<Result<(), DecodeError>> {
    write!(out, "{value:?}").map(Ok)
}
pub(crate) fn verify(_: &[u8]) -> Result<(), DecodeError> {
    Ok(())
}
