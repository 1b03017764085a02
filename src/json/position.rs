//! Places in JSON text, for messages.

/// A line, and a column in bytes; both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    pub const START: Position = Position { line: 1, column: 1 };

    /// The position after `text`, which begins here.
    pub fn after(self, text: &[u8]) -> Position {
        let lines = text.iter().filter(|byte| **byte == b'\n').count();
        if lines == 0 {
            return Position { line: self.line, column: self.column + text.len() };
        }
        let column = text.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        Position { line: self.line + lines, column }
    }
}
