//! Floats of the three widths.

/// A float as it is encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Float {
    Half(u16),
    Single(u32),
    Double(u64),
}

impl Float {
    pub(crate) fn value(self) -> f64 {
        match self {
            Float::Double(bits) => f64::from_bits(bits),
            Float::Single(bits) => f32::from_bits(bits).into(),
            // ciborium's own conversion, so that a NaN has the same payload as there.
            Float::Half(bits) => {
                let [high, low] = bits.to_be_bytes();
                match ciborium_ll::Decoder::from(&[0xf9, high, low][..]).pull() {
                    Ok(ciborium_ll::Header::Float(value)) => value,
                    _ => unreachable!("a float of 2 bytes"),
                }
            }
        }
    }
}
