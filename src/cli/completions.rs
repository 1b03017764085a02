use super::{Cli, Status};
use crate::output::Output;
use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use std::io::Write;

/// Print the completion script for a shell
///
/// For example `vlive completions fish > ~/.config/fish/completions/vlive.fish`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn run(&self, output: &mut Output) -> Result<Status> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut visible(&Cli::command()), "vlive", &mut script);
        output.data().write_all(&script)?;
        Ok(Status::Done)
    }
}

/// The program without its hidden commands, which the scripts would offer like any other. `help` is completed
/// with the names of the others.
fn visible(program: &Command) -> Command {
    let commands = || program.get_subcommands().filter(|command| !command.is_hide_set());
    // clap accepts only static text, and the process is about to end.
    let names: Vec<&'static str> = commands().map(|command| &*command.get_name().to_owned().leak()).collect();
    Command::new("vlive")
        .version(env!("CARGO_PKG_VERSION"))
        .propagate_version(true)
        .disable_help_subcommand(true)
        .args(program.get_arguments())
        .subcommands(commands())
        .mut_subcommand("help", |help| {
            help.mut_arg("command", |arg| arg.value_parser(PossibleValuesParser::new(names)))
        })
}
