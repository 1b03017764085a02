//! The command line of vlive: parse, run, and map the result to an exit status.

mod browse;
mod cli;
mod filter;
mod output;

use std::process::ExitCode;
use vlive::system::stack;

fn main() -> ExitCode {
    cli::silence_redb_panics(browse::give_back);
    cli::survive_file_size_limit();
    // While a pager or an editor runs, Ctrl-C is for that.
    cli::before_signals_end_it(
        || output::pager::is_running() || cli::is_editor_running(),
        || {
            browse::give_back();
            output::progress::clear();
            cli::keep_edited_text();
            vlive::system::temporary::remove_all();
        },
    );
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(status) => return status,
    };
    if cli.runs_filters()
        && let Ok(status) = stack::with_room(|| run(&cli))
    {
        return status;
    }
    run(&cli)
}

fn run(cli: &cli::Cli) -> ExitCode {
    let mut output = output::Output::new(cli::streams(&cli.global));
    let result = cli::run(cli, &mut output).and_then(|status| {
        output.flush()?;
        Ok(status)
    });
    if !output.end_pager() {
        return ExitCode::from(2);
    }
    match result {
        Ok(status) => ExitCode::from(status as u8),
        Err(error) => cli::report(&error, &output),
    }
}
