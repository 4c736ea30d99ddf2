// JSON as messages need it: exact integers, members in order, nothing that traps.
import Base
import Testing

@Suite struct JSONTests {
    @Test(
        "what is printed on one line is parsed back, and printed again the same",
        arguments: [
            "null", "true", "[]", "{}", "-9223372036854775808", "9223372036854775807", "0.5", "1e+300",
            #""é\"\\\n""#,
            #"{"b":[1,{"a":null}],"a":"x"}"#, #""\u0001""#,
        ])
    func roundTrip(text: String) throws {
        let value = try JSONValue(parsing: text)
        #expect(value.description == text)
        #expect(try JSONValue(parsing: value.indentedDescription) == value)
    }

    @Test("escapes", arguments: zip([#""\u00e9\/\t""#, #""\ud83d\ude00""#], ["é/\t", "😀"]))
    func escapes(text: String, expected: String) throws {
        #expect(try JSONValue(parsing: text) == .string(expected))
    }

    @Test(
        "a text that is no JSON is refused with the place",
        arguments: zip(
            [
                "", "[1", "{\"a\" 1}", "tru", "[1,]", "1 2", "\"\\x\"", "\"\\ud83d\"", "--1", "\"a", "\u{1}",
                "+1", "\"\u{1}\"",
            ],
            [0, 2, 5, 0, 3, 2, 3, 7, 0, 2, 0, 0, 2]))
    func errors(text: String, position: Int) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.position == position, "\(String(describing: error))")
    }

    @Test("nesting is bounded")
    func depth() throws {
        let fine = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        _ = try JSONValue(parsing: fine)
        let bomb = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try JSONValue(parsing: bomb) }
    }
}
