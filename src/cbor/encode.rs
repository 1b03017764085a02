//! Encoding: heads in their shortest form, which is what ciborium writes.

use ciborium_ll::{Encoder, Header};

pub(crate) fn push_head(out: &mut Vec<u8>, head: Header) {
    Encoder::from(out).push(head).expect("writing to memory cannot fail");
}

/// The length in bytes of the longest head.
pub(crate) const LONGEST: usize = 9;

/// Writes the head of a float to memory that is not allocated; returns how long it is.
pub(crate) fn float_head(value: f64, out: &mut [u8; LONGEST]) -> usize {
    let mut rest = out.as_mut_slice();
    Encoder::from(&mut rest).push(Header::Float(value)).expect("there is room for any head");
    LONGEST - rest.len()
}

pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    push_head(out, Header::Text(Some(text.len())));
    out.extend_from_slice(text.as_bytes());
}

/// The length in bytes of the shortest head with this argument.
pub(crate) fn shortest(argument: u64) -> usize {
    match argument {
        0..24 => 1,
        24..0x100 => 2,
        0x100..0x1_0000 => 3,
        0x1_0000..0x1_0000_0000 => 5,
        _ => 9,
    }
}
