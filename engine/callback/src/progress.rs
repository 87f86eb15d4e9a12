//! `Progress`: a run's events for the lines under the log.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use kapell_config::Settings;
use kapell_executor::Event;

use crate::board::Board;
use crate::{Display, screen};

/// Nothing at all unless standard error and standard output are a terminal.
pub(crate) struct Progress {
    board: Option<Arc<Mutex<Board>>>,
}

impl Progress {
    pub(crate) fn new(settings: &Settings) -> Self {
        if !screen::is_possible() {
            return Self { board: None };
        }
        let board = Arc::new(Mutex::new(Board::new(Instant::now())));
        let (shown, display) = (Arc::clone(&board), Display::new(settings.nocolor, settings.force_color));
        screen::open(Box::new(move |columns, rows| {
            let board = shown.lock().unwrap_or_else(PoisonError::into_inner);
            board.lines(&display, (columns, rows), Instant::now())
        }));
        Self { board: Some(board) }
    }

    pub(crate) fn see(&mut self, event: &Event) {
        let Some(board) = &self.board else { return };
        // The screen asks the board while it is locked itself: never the other way round.
        match event {
            Event::Prompt(_) => return screen::hide(),
            Event::Stats(_) | Event::RunEnd => return screen::close(),
            Event::Banner(_) | Event::Message(_) | Event::Diagnostic(_) => return,
            _ => screen::show(),
        }
        let (mut board, now) = (board.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        match event {
            Event::PlayStart { hosts, batch, batches, .. } => board.play(hosts.len(), (*batch, *batches), now),
            Event::TaskStart(task) => board.task(task.name.clone()),
            Event::HostStart { host, .. } => board.host_start(host, now),
            Event::Output { host, line } => board.output(host, line),
            Event::HostResult(result) => board.host_done(&result.host, result.status),
            _ => {}
        }
    }
}
