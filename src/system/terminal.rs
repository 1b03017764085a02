//! Characters that a terminal does not show as text.

/// Whether a character steers a terminal, reorders text or takes no place in it: Unicode's control characters,
/// line separators, annotations and those that it calls default-ignorable, which can hide a whole message.
#[must_use]
pub fn steers_terminal(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
            // Not the last two of these, which choose between an emoji and a plain sign.
            | '\u{fe00}'..='\u{fe0d}')
}
