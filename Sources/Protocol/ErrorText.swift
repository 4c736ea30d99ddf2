/// Texts for people in replies.
///
/// They repeat what a peer sent, which may be as long as a string can be: with what is said around it, it
/// would not fit into one any more.
package enum ErrorText {
    /// Characters of a text.
    private static let charactersMax = 1_000

    /// `text`, cut short if it is long.
    package static func cut(_ text: String) -> String {
        text.utf8.count <= charactersMax ? text : text.prefix(charactersMax) + "…"
    }
}
