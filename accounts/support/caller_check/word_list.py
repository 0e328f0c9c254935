"""Dutch words to read out on the telephone: short, common, without accents.

A test checks the entropy: two words must have at least 16 bits.
"""

WORDS = tuple(  # a text reads better than a list of words
    """
    aap aardbei adres akker anker appel arend auto avond azijn baard baby bad bakker balkon banaan band bank bed
    beek beer bel blad bloem bocht boek boer boom boot bord bos boter boven brand brief bril broek brood brug buik
    buur cactus cirkel citroen dak dal dame deksel deur dief dijk dochter doek dolfijn doos dorp draad draak druif
    duif duim eekhoorn eend eiland emmer engel ezel feest fiets film fles fluit fornuis fruit gans garage geit geld
    gesp glas goud graan gras groente haai haak haan haas hamer hand hark haven heide helm hemd herfst hert heuvel
    hoed hoek hond honing hotel huis ijs jas kaars kaart kaas kabel kachel kameel kamer kanaal kapper kast kat keel
    kelder kerk kers ketel kikker kind kip kist klei klok klomp knie knoop koe koffer koffie kok komkommer konijn
    koning koor koper koren kraan krant kruik kuil kussen ladder lamp laars leeuw lepel leraar lente licht lied lijm
    lijst linde lip loods lucht maan maand mantel markt mast meer melk merel mier moeder molen mond motor mouw mug
    munt muur muts naald nacht nagel neus noot oever olie olifant oor oven paard pad paleis panter papier park parel
    pauw peer pen peper piloot pink plaat plank plein pleister ploeg pollepel pomp poort pop radio raam regen reis
    rekening rijst ring rivier robot roos rots rug ruit saus schaap schaar schip school schuur slang slot sneeuw
    soep spiegel spin spons stad stal station steen stem ster stoel stof storm straat strand strik struik suiker
    taart tafel tak tand tas tegel tent thee tijger toets tomaat tong toren touw trap trein trommel trui tuin tulp
    tunnel uil vader varken vat veer veld venster verf vijver vinger vis vlag vleugel vlieg vloer vogel voet vork
    vos vriend vrucht vuur water weide wereld wesp wiel wijn wind winkel winter wolf wolk wortel zaag zadel zak zalm
    zand zebra zee zeep zeil zilver zolder zomer zon zout zuster zwaan
    """.split()  # noqa: SIM905
)
