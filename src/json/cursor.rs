//! A way through text that is known to be JSON.

use super::extent::Extent;

/// A position in the text. The caller knows what is next.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'j> {
    rest: &'j str,
}

impl<'j> Cursor<'j> {
    pub fn new(json: &'j str) -> Cursor<'j> {
        Cursor { rest: json.trim_ascii_start() }
    }

    /// The text from here on, at the start of a value or a key.
    pub fn rest(&self) -> &'j str {
        self.rest
    }

    /// The first byte of what is next.
    pub fn peek(&self) -> u8 {
        self.rest.as_bytes().first().copied().unwrap_or_default()
    }

    /// Takes the next value or key as it is written.
    pub fn take(&mut self) -> &'j str {
        let end = Extent::default().end(self.rest.as_bytes()).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest.trim_ascii_start();
        taken
    }

    /// Skips a punctuation mark.
    pub fn pass(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default().trim_ascii_start();
    }

    /// Goes to the first element of an array; `false` if this is not one, or if it is empty.
    pub fn enter_array(&mut self) -> bool {
        if self.peek() != b'[' {
            return false;
        }
        self.pass();
        self.more()
    }

    /// Goes to the next element of the open array or key of the open object; `false` at its end, which is
    /// skipped.
    pub fn more(&mut self) -> bool {
        match self.peek() {
            b']' | b'}' | 0 => {
                self.pass();
                false
            }
            b',' => {
                self.pass();
                true
            }
            _ => true,
        }
    }
}
