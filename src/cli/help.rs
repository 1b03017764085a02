use super::{Cli, Status};
use crate::output::Color;
use anyhow::Result;
use clap::{Args, ColorChoice, CommandFactory};
use std::io::{self, Write};

/// Print the help of the program or of one of its commands
///
/// The same text as `vlive --help` and `vlive COMMAND --help`.
#[derive(Debug, Args)]
pub struct Help {
    /// The command
    pub command: Option<String>,
}

impl Help {
    /// Ends the process if there is no such command.
    pub fn run(&self, color: Color) -> Result<Status> {
        let arguments = ["vlive"].into_iter().chain(self.command.as_deref()).chain(["--help"]);
        let ended = Cli::command().color(color_choice(color)).try_get_matches_from(arguments);
        print(&ended.expect_err("help ends the parsing, and so does an unknown command"))?;
        Ok(Status::Done)
    }
}

/// Prints what ended the parsing of arguments. Help and the version are written to the end or are an error; a usage
/// error ends the process.
pub fn print(ended: &clap::Error) -> io::Result<()> {
    if ended.use_stderr() {
        ended.exit();
    }
    ended.print()?;
    io::stdout().flush()
}

/// When clap uses colour.
pub fn color_choice(color: Color) -> ColorChoice {
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
}
