use super::Cli;
use crate::output::Color;
use clap::{Args, ColorChoice, CommandFactory};

/// Print the help of the program or of one of its commands
///
/// The same text as `vlive --help` and `vlive COMMAND --help`.
#[derive(Debug, Args)]
pub struct Help {
    /// The command
    pub command: Option<String>,
}

impl Help {
    /// Ends the process, as `--help` does.
    pub fn run(&self, color: Color) -> ! {
        let color = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let arguments = ["vlive"].into_iter().chain(self.command.as_deref()).chain(["--help"]);
        let ended = Cli::command().color(color).try_get_matches_from(arguments);
        ended.expect_err("help ends the parsing, and so does an unknown command").exit()
    }
}
