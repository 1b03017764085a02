//! Numbers of any size as decimal digits.

/// The decimal digits of a bignum; `None` above 512 bytes, since the time grows with the square of the length.
pub(super) fn bignum(bytes: &[u8], is_negative: bool) -> Option<String> {
    const LONGEST: usize = 512;
    const BASE: u64 = 1_000_000_000;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = &bytes[zeros..];
    if bytes.len() > LONGEST {
        return None;
    }
    // The least significant group of nine digits comes first.
    let mut groups: Vec<u64> = Vec::new();
    let mut add = |mut carry: u64, shift: u32| {
        for group in &mut groups {
            let sum = (*group << shift) + carry;
            (*group, carry) = (sum % BASE, sum / BASE);
        }
        while carry > 0 {
            groups.push(carry % BASE);
            carry /= BASE;
        }
    };
    for word in bytes.rchunks(4).rev() {
        add(word.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 32);
    }
    if is_negative {
        // The number is -1 - n.
        add(1, 0);
    }
    let mut digits = if is_negative { "-".to_owned() } else { String::new() };
    let (first, rest) = groups.split_last().unwrap_or((&0, &[]));
    digits.push_str(&first.to_string());
    digits.extend(rest.iter().rev().map(|group| format!("{group:09}")));
    Some(digits)
}

/// The name of a float that has no digits.
pub(super) fn not_finite(float: f64) -> Option<&'static str> {
    match float {
        _ if float.is_finite() => None,
        _ if float.is_nan() => Some("NaN"),
        _ if float > 0.0 => Some("Infinity"),
        _ => Some("-Infinity"),
    }
}

/// The text of a [`Meaning::Number`](super::Meaning::Number) as a number in JSON, digit by digit; `None` for NaN and
/// the infinities.
pub fn json_number(text: &str) -> Option<String> {
    let digits = unsigned(text);
    if !digits.starts_with(|character: char| character.is_ascii_digit()) {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let (whole, rest) = digits.split_at(digits.bytes().take_while(u8::is_ascii_digit).count());
    let whole = whole.trim_start_matches('0');
    Some(format!("{sign}{}{rest}", if whole.is_empty() { "0" } else { whole }))
}

/// Whether a text is a decimal as databases write it: `12`, `-0.50`, `1E-7`.
pub(super) fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match unsigned(mantissa).split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned(mantissa), None),
    };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && fraction.is_none_or(are_digits) && exponent.map(unsigned).is_none_or(are_digits)
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_json_keeps_its_digits() {
        for (text, json) in [
            ("-0012.500", Some("-12.500")),
            ("+7", Some("7")),
            ("000", Some("0")),
            ("-0.0", Some("-0.0")),
            ("1E-7", Some("1E-7")),
            ("1e+300", Some("1e+300")),
            ("18446744073709551616", Some("18446744073709551616")),
            ("NaN", None),
            ("Infinity", None),
            ("-Infinity", None),
        ] {
            assert_eq!(json_number(text).as_deref(), json, "{text}");
        }
    }
}
