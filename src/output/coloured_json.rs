//! JSON in colour, as it is written.

use anstyle::{AnsiColor, Style};
use std::io::{self, Write};

// Each is legible on a dark and on a light background: neither yellow nor white, cyan nor black.
const KEY: Style = AnsiColor::Blue.on_default().bold();
const TEXT: Style = AnsiColor::Green.on_default();
const NUMBER: Style = AnsiColor::Magenta.on_default();
const LITERAL: Style = Style::new().bold();

/// Colours the tokens of JSON on their way to `out`; writes may end anywhere.
pub struct ColouredJson<W: Write> {
    out: W,
    token: Token,
    /// The containers around the next token: whether each is an object.
    containers: Vec<bool>,
    /// Whether the next text is the key of an object.
    expects_key: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// Punctuation and white space, which stay plain.
    None,
    Text,
    /// Text just after a backslash.
    Escape,
    /// A number or a literal.
    Word,
}

impl<W: Write> ColouredJson<W> {
    pub fn new(out: W) -> ColouredJson<W> {
        ColouredJson { out, token: Token::None, containers: Vec::new(), expects_key: false }
    }

    /// Writes the rest of the current token, and returns how many of `bytes` belong to it.
    fn rest_of_token(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let end = match self.token {
            Token::None => 0,
            Token::Escape => {
                self.token = Token::Text;
                self.out.write_all(&bytes[..1])?;
                return Ok(1);
            }
            Token::Text => match bytes.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
                Some(at) if bytes[at] == b'\\' => {
                    self.token = Token::Escape;
                    self.out.write_all(&bytes[..=at])?;
                    return Ok(at + 1);
                }
                at => at.map_or(bytes.len() + 1, |at| at + 1),
            },
            Token::Word => bytes.iter().position(|byte| !is_of_word(*byte)).unwrap_or(bytes.len() + 1),
        };
        let written = end.min(bytes.len());
        self.out.write_all(&bytes[..written])?;
        if end <= bytes.len() {
            self.end_token()?;
        }
        Ok(written)
    }

    fn end_token(&mut self) -> io::Result<()> {
        if self.token != Token::None {
            self.token = Token::None;
            write!(self.out, "{TEXT:#}")?;
        }
        Ok(())
    }

    /// Tracks what a byte between tokens means for the tokens after it.
    fn track(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' => {
                self.containers.push(byte == b'{');
                self.expects_key = byte == b'{';
            }
            b'}' | b']' => {
                self.containers.pop();
                self.expects_key = false;
            }
            b',' => self.expects_key = self.containers.last() == Some(&true),
            b':' => self.expects_key = false,
            _ => {}
        }
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

impl<W: Write> Write for ColouredJson<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.token != Token::None {
                let taken = self.rest_of_token(rest)?;
                rest = &rest[taken..];
                continue;
            }
            let begins = |byte: &u8| *byte == b'"' || is_of_word(*byte);
            let at = rest.iter().position(begins).unwrap_or(rest.len());
            let (between, from) = rest.split_at(at);
            for byte in between {
                self.track(*byte);
            }
            self.out.write_all(between)?;
            rest = from;
            let style = match from.first() {
                None => continue,
                Some(b'"') if self.expects_key => KEY,
                Some(b'"') => TEXT,
                Some(b'-' | b'0'..=b'9') => NUMBER,
                Some(_) => LITERAL,
            };
            write!(self.out, "{style}")?;
            self.token = if from[0] == b'"' { Token::Text } else { Token::Word };
            self.out.write_all(&from[..1])?;
            rest = &from[1..];
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> Drop for ColouredJson<W> {
    /// Resets the colour of an unterminated token.
    fn drop(&mut self) {
        self.end_token().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// JSON in colour, with a letter in angle brackets for each style; `chunk` bytes are written at a time.
    fn coloured(json: &str, chunk: usize) -> String {
        let mut bytes = Vec::new();
        let mut out = ColouredJson::new(&mut bytes);
        json.as_bytes().chunks(chunk).for_each(|chunk| out.write_all(chunk).expect("memory takes it"));
        drop(out);
        let text = String::from_utf8(bytes).expect("text");
        let named = [(KEY, "<k>"), (TEXT, "<t>"), (NUMBER, "<n>"), (LITERAL, "<l>")];
        let text = named.iter().fold(text, |text, (style, name)| text.replace(&style.to_string(), name));
        text.replace(&format!("{TEXT:#}"), "</>")
    }

    #[test]
    fn keys_text_numbers_and_literals_have_a_style_each_wherever_a_write_ends() {
        for (json, expected) in [
            (
                r#"{"a":"b","c":["d",{"e":1}],"f":true}"#,
                r#"{<k>"a"</>:<t>"b"</>,<k>"c"</>:[<t>"d"</>,{<k>"e"</>:<n>1</>}],<k>"f"</>:<l>true</>}"#,
            ),
            ("[-1.5e+3,null]\n", "[<n>-1.5e+3</>,<l>null</>]\n"),
            (r#"{"a\"b\\":"\\\"{"}"#, r#"{<k>"a\"b\\"</>:<t>"\\\"{"</>}"#),
            ("{\n  \"a\": {},\n  \"é\": [\"日\"]\n}\n", "{\n  <k>\"a\"</>: {},\n  <k>\"é\"</>: [<t>\"日\"</>]\n}\n"),
            ("{\"a\":1}\n{\"b\":2}\n", "{<k>\"a\"</>:<n>1</>}\n{<k>\"b\"</>:<n>2</>}\n"),
            ("[{},\"x\",{\"k\":0}]", "[{},<t>\"x\"</>,{<k>\"k\"</>:<n>0</>}]"),
            // A number that nothing follows.
            ("12", "<n>12</>"),
            ("\"cut", "<t>\"cut</>"),
        ] {
            for chunk in 1..=json.len() {
                assert_eq!(coloured(json, chunk), expected, "{chunk} bytes at a time");
            }
        }
    }
}
