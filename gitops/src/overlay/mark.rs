//! The second line of a kustomization whose images are the overlay's, too: whoever writes images learns it from the file.

/// It follows the mark, `# managed by gitops_overlay web`.
const IMAGES: &str = "# so are its images";

/// Whether `text`, a kustomization with the mark of an overlay, says that the overlay sets the images.
pub fn sets_images(text: &str) -> bool {
    text.lines().nth(1) == Some(IMAGES)
}

/// `content`, whose first line is the mark, with the second line where the overlay `sets` the images, and without it
/// where not. No other byte changes.
pub(super) fn with_images(content: Vec<u8>, sets: bool) -> Vec<u8> {
    let (mark, rest) = content.split_at(end_of_line(&content));
    let (second, others) = rest.split_at(end_of_line(rest));
    match (second.trim_ascii_end() == IMAGES.as_bytes(), sets) {
        (false, true) => {
            let end: &[u8] = if mark.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
            [mark, IMAGES.as_bytes(), end, rest].concat()
        }
        (true, false) => [mark, others].concat(),
        _ => content,
    }
}

/// Where the second line of `content` begins.
fn end_of_line(content: &[u8]) -> usize {
    content.iter().position(|byte| *byte == b'\n').map_or(content.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_line_comes_and_goes() {
        let cases = [
            ("# mark\na: 1\n", "# mark\n# so are its images\na: 1\n"),
            ("# mark\r\na: 1\r\n", "# mark\r\n# so are its images\r\na: 1\r\n"),
            (
                "# mark\n# so are its images or not\n",
                "# mark\n# so are its images\n# so are its images or not\n",
            ),
        ];
        for (without, with) in cases {
            let noted = |text: &str, sets| String::from_utf8(with_images(text.into(), sets)).unwrap();
            assert_eq!((noted(without, true).as_str(), noted(with, true).as_str()), (with, with));
            assert_eq!((noted(without, false).as_str(), noted(with, false).as_str()), (without, without));
            assert!(sets_images(with) && !sets_images(without), "{with}");
        }
    }
}
