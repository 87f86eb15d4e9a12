//! `Responses`: prompts as patterns and what is typed when one of them appears.

use serde_json::Value;

use crate::byte_text;
use crate::python_regex::{PythonRegex, Subject};
use crate::python_repr::{quoted, str_of};
use crate::{Args, ModuleError};

pub(super) struct Responses {
    prompts: Vec<Prompt>,
}

struct Prompt {
    question: String,
    pattern: PythonRegex,
    answers: Answers,
}

enum Answers {
    /// The same every time.
    Always(String),
    /// One each time; the next one is the first.
    InTurn(std::vec::IntoIter<String>),
}

/// What is to be typed after some output.
pub(super) enum Answer {
    /// No prompt is in it.
    None,
    /// `end`: where the prompt ends.
    Text { text: Vec<u8>, end: usize },
    /// A prompt came once too often.
    Exhausted(String),
}

impl Responses {
    pub(super) fn from_args(args: &Args) -> Result<Self, ModuleError> {
        let responses = args.dict("responses").into_iter().flatten();
        let prompts = responses.map(|(question, answer)| Prompt::new(question, answer));
        Ok(Self { prompts: prompts.collect::<Result<_, _>>()? })
    }

    /// The answer to the prompt that comes first in `output`; of two at the same place the first in the task.
    pub(super) fn answer(&mut self, output: &[u8]) -> Result<Answer, ModuleError> {
        let text = byte_text::from_bytes(output);
        let mut found: Option<(usize, usize, usize)> = None;
        for (index, prompt) in self.prompts.iter().enumerate() {
            let Some(whole) = prompt.pattern.search(&text)?.and_then(|captures| captures.get(0)) else { continue };
            if found.is_none_or(|(start, _, _)| whole.start() < start) {
                found = Some((whole.start(), whole.end(), index));
            }
        }
        let Some((_, end, index)) = found else { return Ok(Answer::None) };
        let end = text[..end].chars().count();
        let prompt = &mut self.prompts[index];
        let answer = match &mut prompt.answers {
            Answers::Always(answer) => Some(answer.clone()),
            Answers::InTurn(answers) => answers.next(),
        };
        Ok(match answer {
            Some(answer) => Answer::Text { text: format!("{answer}\n").into_bytes(), end },
            None => Answer::Exhausted(format!(
                "No remaining responses for '{}', output was 'b{}'",
                prompt.question,
                quoted(&String::from_utf8_lossy(&output[..end]))
            )),
        })
    }
}

impl Prompt {
    fn new(question: &str, answer: &Value) -> Result<Self, ModuleError> {
        let typed = |value: &Value| str_of(value).trim_end_matches('\n').to_owned();
        let answers = match answer {
            Value::Array(items) => Answers::InTurn(items.iter().map(typed).collect::<Vec<_>>().into_iter()),
            other => Answers::Always(typed(other)),
        };
        // A dot also means the end of a line; output is matched as bytes.
        let pattern = byte_text::from_utf8(&format!("(?s:{question})"));
        Ok(Self { question: question.to_owned(), pattern: PythonRegex::new(&pattern, Subject::Bytes)?, answers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_prompt_of_the_output_is_answered() {
        let prompts = [("b", "1"), ("ü.*a", "2"), ("zz", "3")];
        let prompts = prompts.map(|(question, answer)| Prompt::new(question, &answer.into()).unwrap());
        let mut responses = Responses { prompts: prompts.into() };
        let Answer::Text { text, end } = responses.answer("xü\r\na b".as_bytes()).unwrap() else { panic!("none") };
        assert_eq!((text.as_slice(), end), (&b"2\n"[..], 6));
        assert!(matches!(responses.answer(b"nothing").unwrap(), Answer::None));
    }
}
