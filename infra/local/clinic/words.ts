// What people, places and payers of the demo clinic are called. Combinations are drawn at random; payers, towns and domains are invented.

const list = (text: string) => text.trim().split(/[ \n]+/);

export const GIVEN_FEMALE = list(`
Ada Agnes Alma Amina Anneke Beatriz Birgit Carmen Chiara Chloé Clara Dagny Dalia Edith Eleni Elif Emma Esther Fatima Freya Greta Hana
Hannah Harriet Helen Imani Ines Ingrid Irene Iris Johanna Judith Julia Kavya Keiko Lena Lidia Linnea Lucía Maeve Malika Margaret Marisol
Marta Mei Mercy Mina Miriam Nadia Naomi Nia Nora Odette Olga Paloma Petra Priya Rania Rosa Ruth Sabine Salma Saoirse Selma Sigrid Sofía
Tamar Thandi Ursula Vera Wanda Xiomara Yasmin Yuki Zainab Zoë`);

export const GIVEN_MALE = list(`
Abdul Albert Amir Anders Andrés Anton Arjun Arthur Aurelio Björn Bruno Caleb Carlos Cormac Daniel David Diego Dmitri Edgar Elias Emil
Ernesto Felix Finn Francis Gabriel George Hamid Hector Henrik Hiro Hugo Ibrahim Ivan Jamal James Javier Jens João Jonas José Julian Kofi
Lars Leo Liam Lorenzo Lucas Łukasz Malik Marcel Marco Mateo Mehmet Miguel Milan Moses Nikolai Noah Oscar Otis Owen Pablo Pascal Pavel
Quentin Rafael Ravi René Samuel Sanjay Simon Stefan Tariq Theo Tomás Umar Viktor Walter Wei Yusuf Zane`);

export const FAMILY = list(`
Abara Achterberg Adeyemi Ahlgren Alcott Almqvist Amador Anand Applegarth Arkwright Ashgrove Aylward Bakshi Balfour Barrowclough Bascombe
Bellweather Benitez-Rojas Bergström Birchall Blackwood Boateng Bramhall Brightwater Brouwer Bustamante Calloway Castellanos Chandrasekhar
Chatterley Cheng Clearwater Colquhoun Crabtree Cravenshaw D'Amato D'Souza Dalgaard Danforth Delacroix Demir Dhillon Dimitriou Dorset
Drăgulescu Dunleavy Easterbrook Eckhart Eklund Elphinstone Escalante Fairweather Farrukh Featherstone Fenwick Figueroa Fjeld Forsythe
Fujimoto Gallardo Garrick Gathercole Ghorbani Goldthwaite Grimaldi Guðmundsson Gutiérrez Haddad Halloran Harrowgate Hawksworth Heatherly
Hjelm Hollingsworth Holmström Ibáñez Ikeda Inglewood Islam Jaworski Jephcott Kaczmarek Kagiso Kaur Keskin Kettlewell Khatri Kirchner
Kowalczyk Kristoffersen Langstroth Larkspur Lindqvist Lockridge Lovelace Lundgren Mac\u00a0Giolla Macpherson Mahlangu Marchetti Marwick
Matsuda Mbeki McAllister Merriweather Mikkelsen Moncada Morwenna Mukherjee Nakamura Ndiaye Netherby Núñez Nyström O'Brannagh O'Dowd
Oakenfold Okonkwo Olafsen Ortega Osei Ostrander Pailthorpe Papadakis Pemberton Penhaligon Petrosyan Pham Pocklington Quayle Quintanilla
Raghunathan Ramsbottom Rasmussen Ravenscroft Redfern Rosenthal Rutherglen Sabharwal Saltmarsh Santillán Satō Schimmel Sepúlveda
Shaughnessy Sigurðsson Silverthorne Skovgaard Søndergaard Stavropoulos Stonebridge Strand Sundaram Szymański Takahashi Tamm Thistlewood
Thornquist Tran Trelawney Tremblay Underhill Uzun Vaillancourt Valdivia van\u00a0Rijk Vasquez Venkataraman Vickerstaff Villanueva Vogel
Waddington Wadsworth Wainwright Wąsik Weatherby Whitcombe Windermere Winterbourne Wójcik Wolfenden Yamane Yardley Yıldız Zapata Zelenko`).map(
  (name) => name.replace("\u00a0", " "),
);

export const STREETS =
  list(`Alder Birch Cedar Chestnut Cypress Dogwood Elm Foundry Granite Harbor Hawthorn Hillcrest Juniper Lantern Larch
Linden Magnolia Maple Meadow Mill Orchard Poplar Quarry Ridge Rowan Sycamore Tannery Walnut Willow Windmill`);
export const STREET_KINDS = ["Street", "Avenue", "Road", "Lane", "Court", "Way"] as const;

/** Invented towns: city, state, the first three digits of their ZIP codes. 036, 059 and 878 are among those that 45 CFR 164.514(b)(2)(i)(B) hides. */
export const TOWNS = [
  ["Arrowmere", "WA", "981"],
  ["Brackenford", "OR", "972"],
  ["Coldwater Falls", "VT", "059"],
  ["Dunmarrow", "NH", "036"],
  ["Eastlow", "MA", "021"],
  ["Fallow Creek", "NM", "878"],
  ["Gannet Point", "ME", "041"],
  ["Harrow Hills", "OH", "432"],
  ["Ironwood Bay", "MI", "498"],
  ["Juniper Flats", "CO", "802"],
  ["Kestrel Ridge", "PA", "152"],
  ["Lakemoor", "IL", "606"],
] as const;

export const DEPARTMENTS = [
  "Cardiology", "Dermatology", "Emergency", "Endocrinology", "Family Medicine", "Gastroenterology", "Geriatrics", "Neurology",
  "Obstetrics", "Oncology", "Orthopedics", "Pediatrics", "Psychiatry", "Pulmonology", "Radiology", "Urology",
] as const; // biome-ignore format: a list of words

export const PAYERS = [
  "Larkspur Mutual",
  "Northlight Health",
  "Old Mill Assurance",
  "Public Plan A",
  "Public Plan B",
  "Tidewater Benefit",
] as const;
export const PLANS = ["bronze", "silver", "gold", "hmo", "ppo"] as const;
export const LANGUAGES = ["en", "es", "zh", "vi", "ar", "fr", "pl", "so"] as const;
export const ALLERGIES = [
  "penicillin",
  "latex",
  "peanuts",
  "shellfish",
  "sulfa",
  "aspirin",
  "pollen",
  "iodine contrast",
] as const;
export const RELATIONS = ["spouse", "parent", "child", "sibling", "friend", "neighbor"] as const;
export const REASONS = [
  "annual physical", "chest pain", "cough and fever", "follow-up", "medication review", "abdominal pain", "shortness of breath",
  "headache", "back pain", "skin rash", "fall at home", "blood pressure check", "dizziness", "prenatal visit", "wound check",
] as const; // biome-ignore format: a list of words
