import Base
import Protocol
import Testing

@testable import Coordinator

@Suite struct ConsumerGroupTests {
    @Test("consumer groups go as their transcripts say", arguments: ConsumerTranscript.all)
    func transcript(_ transcript: ConsumerTranscript) throws { try transcript.play() }

    @Test("there are transcripts") func transcripts() { #expect(ConsumerTranscript.all.count >= 6) }

    /// Computed by hash4j 0.22, which Kafka uses, over bytes that count up by seven from three.
    @Test(
        "XXH3 is Kafka's",
        arguments: [
            (0, 3_244_421_341_483_603_138), (1, 1_433_843_135_270_481_901), (3, -6_266_602_912_829_716_452),
            (4, 7_895_465_118_229_274_323), (7, -8_177_813_798_836_339_154), (8, 6_941_064_856_527_638_883),
            (9, -72_226_354_546_400_344), (16, -5_131_753_158_909_839_995), (17, 8_163_341_949_877_205_007),
            (32, 1_873_302_701_886_544_469), (33, 4_486_878_507_168_070_088), (64, 2_917_965_298_538_373_825),
            (65, -9_038_134_159_117_547_962), (96, -1_115_511_928_276_236_477),
            (97, 2_137_665_177_113_230_204),
            (128, 7_440_608_504_995_537_343), (129, -4_150_982_730_466_284_604),
            (143, -8_416_885_203_798_395_993), (144, 6_947_391_739_561_490_738),
            (200, 8_389_308_914_288_017_243),
            (240, 7_229_805_477_010_515_663), (241, -8_364_630_114_420_064_745),
            (255, -5_297_528_147_452_990_407), (256, 4_339_360_625_268_998_362),
            (257, 3_039_943_168_460_295_846),
            (320, 4_953_643_234_437_127_493), (1023, -3_284_946_428_344_021_948),
            (1024, -7_241_394_453_710_343_503), (1025, -9_192_937_061_388_044_938),
            (1088, 3_424_848_841_118_183_642), (1089, 3_067_025_562_774_136_808),
            (1100, -8_178_887_940_769_061_853), (2047, -2_058_199_134_975_759_174),
            (2048, -6_060_151_295_482_384_687), (2049, 6_174_105_427_284_153_526),
            (5000, 8_762_507_191_635_236_893),
        ])
    func hash(length: Int, expected: Int) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
        #expect(Int64(bitPattern: XXH3.hash(bytes)) == Int64(expected))
    }

    @Test("the hash of topics is what Kafka wrote into fixtures/datadirs/groups-clean") func metadataHash()
        throws
    {
        let id = try #require(UUID("RiEGsAOnTEefkRdMLsH3Qw"))
        let topics = TopicTable(version: 1, [GroupTopic(id: id, name: "fx-t", partitionCount: 4)])
        #expect(MetadataHash.group(["fx-t", "not-there"], topics) == 4_725_340_048_732_638_844)
        #expect(MetadataHash.group(["not-there"], topics) == 0)
    }
}
