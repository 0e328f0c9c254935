"""Address books and directories of people: Outlook, Google, Entra, personnel systems."""

from __future__ import annotations

from tests.environments.people.shapes.parts import ELS, JAN, PRIVATE, Shape, one, records

OUTLOOK_EN = """Title;First Name;Middle Name;Last Name;Suffix;Company;Department;Job Title;Business Street;
Business City;Business Phone;Mobile Phone;Categories;E-mail Address;E-mail Type;E-mail Display Name;
E-mail 2 Address;E-mail 2 Type;E-mail 2 Display Name;E-mail 3 Address;Gender;Initials;Web Page"""
OUTLOOK_NL = """Titel;Voornaam;Middelste naam;Achternaam;Achtervoegsel;Bedrijf;Afdeling;Functie;Werkadres, straat;
Plaats (werk);Telefoon op werk;Mobiele telefoon;Categorieën;E-mailadres;Type e-mailadres;Weergavenaam voor e-mail;
E-mailadres 2;Type e-mailadres 2;Weergavenaam voor e-mail 2;Geslacht;Initialen;Webpagina"""
OUTLOOK_WEB = "First Name;Middle Name;Last Name;Title;Suffix;Nickname;E-mail Address;E-mail 2 Address;Mobile Phone"
GOOGLE_OLD = """Name;Given Name;Additional Name;Family Name;Yomi Name;Name Prefix;Name Suffix;Nickname;Notes;
Group Membership;E-mail 1 - Type;E-mail 1 - Value;E-mail 2 - Type;E-mail 2 - Value;Phone 1 - Value"""
GOOGLE_NEW = """First Name;Middle Name;Last Name;Phonetic First Name;Name Prefix;Name Suffix;Nickname;File As;
Organization Name;Labels;E-mail 1 - Label;E-mail 1 - Value;E-mail 2 - Label;E-mail 2 - Value"""
ENTRA = "userPrincipalName;displayName;surname;mail;givenName;id;userType;jobTitle;department;accountEnabled"
M365 = "Block credential;Department;Display name;First name;Last name;Licenses;Proxy addresses;User principal name"
THUNDERBIRD = "First Name;Last Name;Display Name;Nickname;Primary Email;Secondary Email;Work Phone"


def two_people(first: str, last: str, address: str, second: str) -> list[dict[str, str]]:
    jan = {first: "Jan", last: "de Vries", address: "jan@voorbeeld.nl", second: PRIVATE}
    return [jan, {first: "Els", last: "Bakker", address: "els@voorbeeld.nl"}]


CONTACTS = [
    Shape(
        "Outlook contacts, English",
        records(
            OUTLOOK_EN, *two_people("First Name", "Last Name", "E-mail Address", "E-mail 2 Address"), every=True
        ).encode("cp1252"),
        [JAN, ELS],
        unused=["E-mail 2 Address"],
    ),
    Shape(
        "Outlook contacts, Dutch",
        records(OUTLOOK_NL, *two_people("Voornaam", "Achternaam", "E-mailadres", "E-mailadres 2"), every=True).encode(
            "cp1252"
        ),
        [JAN, ELS],
        unused=["E-mailadres 2"],
    ),
    Shape(
        "Outlook contacts, middle name holds the particle",
        records(
            OUTLOOK_EN,
            {
                "First Name": "Jan",
                "Middle Name": "de",
                "Last Name": "Vries",
                "E-mail Address": "jan@voorbeeld.nl",
                "E-mail Display Name": "Jan de Vries (jan@voorbeeld.nl)",
                "E-mail Type": "SMTP",
            },
        ).encode(),
        [JAN],
        unused=["E-mail Display Name"],
    ),
    Shape(
        "Outlook on the web",
        records(OUTLOOK_WEB, *two_people("First Name", "Last Name", "E-mail Address", "E-mail 2 Address")).encode(
            "utf-8-sig"
        ),
        [JAN, ELS],
        unused=["E-mail 2 Address"],
    ),
    Shape(
        "Google contacts, before 2024",
        records(
            GOOGLE_OLD,
            {
                "Name": "Jan de Vries",
                "Given Name": "Jan",
                "Family Name": "de Vries",
                "E-mail 1 - Type": "* Work",
                "E-mail 1 - Value": "jan@voorbeeld.nl",
                "E-mail 2 - Value": PRIVATE,
            },
        ).encode(),
        [JAN],
        unused=["E-mail 2 - Value", "Name"],
    ),
    Shape(
        "Google contacts, now",
        records(
            GOOGLE_NEW,
            {
                "First Name": "Jan",
                "Middle Name": "de",
                "Last Name": "Vries",
                "Name Prefix": "Dhr.",
                "E-mail 1 - Value": "jan@voorbeeld.nl",
                "E-mail 2 - Value": PRIVATE,
            },
        ).encode(),
        [JAN],
        unused=["E-mail 2 - Value", "Name Prefix"],
    ),
    Shape(
        "Google contacts, two addresses in one cell",
        records(
            GOOGLE_NEW,
            {"First Name": "Jan", "Last Name": "de Vries", "E-mail 1 - Value": f"jan@voorbeeld.nl ::: {PRIVATE}"},
        ).encode(),
        [JAN],
        wrong=1,
    ),
    Shape(
        "Thunderbird",
        records(THUNDERBIRD, *two_people("First Name", "Last Name", "Primary Email", "Secondary Email")).encode(),
        [JAN, ELS],
        unused=["Secondary Email"],
    ),
    Shape(
        "Contacts of a Mac: vCard",
        (
            "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Vries;Jan;de;;\r\nFN:Jan de Vries\r\n"
            f"EMAIL;type=INTERNET;type=HOME;type=pref:{PRIVATE}\r\n"
            "item1.EMAIL;type=INTERNET;type=WORK:jan@voor\r\n beeld.nl\r\nEND:VCARD\r\n"
            "BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Ren=C3=A9e Mü=\r\nller\r\n"
            "EMAIL:renee@voorbeeld.nl\r\nEND:VCARD\r\n"
        ).encode(),
        [JAN, one("renee", "Renée", "Müller")],
        wrong=1,
    ),
]

DIRECTORIES = [
    Shape(
        "Entra: users, with a guest",
        records(
            ENTRA,
            {
                "userPrincipalName": "jdv@voorbeeld.onmicrosoft.com",
                "displayName": "Jan de Vries",
                "givenName": "Jan",
                "surname": "de Vries",
                "mail": "jan@voorbeeld.nl",
                "accountEnabled": "True",
            },
            {
                "userPrincipalName": "piet_partner.example#EXT#@voorbeeld.onmicrosoft.com",
                "userType": "Guest",
                "displayName": "Piet Partner",
                "mail": "piet@partner.example",
            },
        ).encode("utf-8-sig"),
        [JAN, ("piet@partner.example", "Piet", "Partner", "")],
        unused=["userPrincipalName"],
    ),
    Shape(
        "Entra: sign-in names only, with a guest",
        b"User principal name,Display name\njan@voorbeeld.nl,Jan de Vries\n"
        b"piet_de_wit_partner.example#EXT#@voorbeeld.onmicrosoft.com,Piet de Wit\n",
        [JAN, ("piet_de_wit@partner.example", "Piet", "de Wit", "")],
    ),
    Shape(
        "Microsoft 365: active users",
        records(
            M365,
            {
                "Block credential": "False",
                "Display name": "Jan de Vries",
                "First name": "Jan",
                "Last name": "de Vries",
                "Proxy addresses": "SMTP:jan@voorbeeld.nl+smtp:jdv@voorbeeld.nl",
                "User principal name": "jan@voorbeeld.nl",
            },
        ).encode(),
        [JAN],
        unused=["Proxy addresses"],
    ),
    Shape(
        "Active Directory: PowerShell",
        b"#TYPE Selected.Microsoft.ActiveDirectory.Management.ADUser\r\n"
        b'"SamAccountName","GivenName","Surname","EmailAddress"\r\n'
        b'"vriesj","Jan","de Vries","jan@voorbeeld.nl"\r\n"bakkere","Els","Bakker",""\r\n',
        [JAN],
        wrong=1,
        unused=["SamAccountName"],
    ),
    Shape(
        "Exchange: members of a group",
        b'"DisplayName","PrimarySmtpAddress","RecipientType"\r\n"Vries, Jan de","jan@voorbeeld.nl","UserMailbox"\r\n',
        [JAN],
        unused=["RecipientType"],
    ),
    Shape(
        "AFAS: private address first",
        "Medewerker;Roepnaam;Voorvoegsel;Achternaam;E-mail privé;E-mail werk;Functie\n"
        "1001;Jan;de;Vries;jan.prive@thuis.example;jan@voorbeeld.nl;Rioolbeheerder\n".encode("cp1252"),
        [JAN],
        unused=["E-mail privé", "Functie", "Medewerker"],
    ),
    Shape(
        "HR: street in Adres",
        b"Naam;Adres;Postcode;Plaats;E-mail\nJan de Vries;Dorpsstraat 1;1234 AB;Voorbeeld;jan@voorbeeld.nl\n",
        [JAN],
        unused=["Adres", "Plaats"],
    ),
    Shape(
        "heading that we do not know, one column with addresses",
        b"Voornaam;Achternaam;Contact\nJan;de Vries;jan@voorbeeld.nl\n",
        [JAN],
    ),
    Shape(
        "Google Workspace: users",
        b"First Name [Required],Last Name [Required],Email Address [Required],Status [READ ONLY],Recovery Email\n"
        b"Jan,de Vries,jan@voorbeeld.nl,Active,jan.prive@thuis.example\n",
        [JAN],
        unused=["Recovery Email"],
    ),
    Shape(
        "Entra: list to create users",
        b"version:v1.0\nName [displayName] Required,User name [userPrincipalName] Required,First name [givenName],"
        b"Last name [surname]\nJan de Vries,jan@voorbeeld.nl,Jan,de Vries\n",
        [JAN],
    ),
    Shape(
        "Teams: participants of a meeting",
        "1. Summary\nMeeting title\tOverleg\n\n2. Participants\nName\tFirst Join\tEmail\n"
        "Jan de Vries\t9:00\tjan@voorbeeld.nl\n".encode("utf-16"),
        [JAN],
        unused=["First Join"],
    ),
]
