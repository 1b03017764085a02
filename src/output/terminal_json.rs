//! JSON on its way to a terminal.

use super::escape::is_unsafe;
use std::io::{self, Write};
use std::str;

/// Escapes characters that could control a terminal, with the escapes of JSON. Outside of strings, JSON has no such
/// character but line breaks.
pub struct TerminalJson<W: Write> {
    out: W,
    /// The first bytes of a character whose rest has not been written yet.
    begun: Vec<u8>,
}

impl<W: Write> TerminalJson<W> {
    pub fn new(out: W) -> TerminalJson<W> {
        TerminalJson { out, begun: Vec::new() }
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let mut plain = 0;
        for (at, character) in text.char_indices() {
            if character != '\n' && is_unsafe(character) {
                self.out.write_all(&text.as_bytes()[plain..at])?;
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    write!(self.out, "\\u{unit:04x}")?;
                }
                plain = at + character.len_utf8();
            }
        }
        self.out.write_all(&text.as_bytes()[plain..])
    }
}

impl<W: Write> Write for TerminalJson<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut begun = std::mem::take(&mut self.begun);
        begun.extend_from_slice(bytes);
        let complete = match str::from_utf8(&begun) {
            Ok(_) => begun.len(),
            Err(error) => error.valid_up_to(),
        };
        self.begun = begun.split_off(complete);
        self.text(&String::from_utf8(begun).map_err(io::Error::other)?)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_json_means_the_same_and_cannot_control_a_terminal() {
        let text = "\u{9b}2J \u{202e}x\u{7f} é日🙂";
        let json = format!("{{\n  \"k\": \"{text}\"\n}}");
        let mut escaped = TerminalJson::new(Vec::new());
        // Cut between any two bytes.
        json.as_bytes().iter().for_each(|byte| escaped.write_all(&[*byte]).unwrap());
        let escaped = String::from_utf8(escaped.out).unwrap();
        assert_eq!(escaped, "{\n  \"k\": \"\\u009b2J \\u202ex\\u007f é日🙂\"\n}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap()["k"], text);
    }
}
