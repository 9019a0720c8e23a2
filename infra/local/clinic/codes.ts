// The codes that the demo clinic uses: ICD-10-CM (a public code set), drugs, laboratory tests (LOINC numbers), procedures.

export interface Diagnosis {
  readonly code: string;
  readonly title: string;
  readonly chapter: string;
  readonly chronic: boolean;
}

const CHAPTERS: Readonly<Record<string, string>> = {
  A: "Infectious diseases",
  B: "Infectious diseases",
  C: "Neoplasms",
  D: "Blood and neoplasms",
  E: "Endocrine and metabolic",
  F: "Mental and behavioral",
  G: "Nervous system",
  H: "Eye and ear",
  I: "Circulatory system",
  J: "Respiratory system",
  K: "Digestive system",
  L: "Skin",
  M: "Musculoskeletal",
  N: "Genitourinary",
  O: "Pregnancy and childbirth",
  R: "Symptoms and signs",
  S: "Injury",
  Z: "Factors influencing health status",
};

// code|title, with + for what stays with a patient
const CODES = `A09|Infectious gastroenteritis and colitis, unspecified
A41.9|Sepsis, unspecified organism
B18.2|Chronic viral hepatitis C+
B20|Human immunodeficiency virus [HIV] disease+
B34.9|Viral infection, unspecified
C18.9|Malignant neoplasm of colon, unspecified+
C34.90|Malignant neoplasm of unspecified part of unspecified bronchus or lung+
C50.919|Malignant neoplasm of unspecified site of unspecified female breast+
C61|Malignant neoplasm of prostate+
D50.9|Iron deficiency anemia, unspecified
D64.9|Anemia, unspecified
E03.9|Hypothyroidism, unspecified+
E10.9|Type 1 diabetes mellitus without complications+
E11.22|Type 2 diabetes mellitus with diabetic chronic kidney disease+
E11.65|Type 2 diabetes mellitus with hyperglycemia+
E11.9|Type 2 diabetes mellitus without complications+
E55.9|Vitamin D deficiency, unspecified
E66.9|Obesity, unspecified+
E78.00|Pure hypercholesterolemia, unspecified+
E78.5|Hyperlipidemia, unspecified+
E86.0|Dehydration
E87.6|Hypokalemia
F10.20|Alcohol dependence, uncomplicated+
F17.210|Nicotine dependence, cigarettes, uncomplicated+
F32.A|Depression, unspecified+
F33.1|Major depressive disorder, recurrent, moderate+
F41.1|Generalized anxiety disorder+
F43.10|Post-traumatic stress disorder, unspecified+
G20.A1|Parkinson's disease without dyskinesia, without mention of fluctuations+
G30.9|Alzheimer's disease, unspecified+
G40.909|Epilepsy, unspecified, not intractable, without status epilepticus+
G43.909|Migraine, unspecified, not intractable, without status migrainosus+
G47.33|Obstructive sleep apnea (adult)+
H25.9|Unspecified age-related cataract
H40.9|Unspecified glaucoma+
H66.90|Otitis media, unspecified, unspecified ear
I10|Essential (primary) hypertension+
I21.9|Acute myocardial infarction, unspecified
I25.10|Atherosclerotic heart disease of native coronary artery without angina pectoris+
I48.91|Unspecified atrial fibrillation+
I50.9|Heart failure, unspecified+
I63.9|Cerebral infarction, unspecified
I83.90|Asymptomatic varicose veins of unspecified lower extremity
J02.9|Acute pharyngitis, unspecified
J06.9|Acute upper respiratory infection, unspecified
J18.9|Pneumonia, unspecified organism
J20.9|Acute bronchitis, unspecified
J44.9|Chronic obstructive pulmonary disease, unspecified+
J45.909|Unspecified asthma, uncomplicated+
K21.9|Gastro-esophageal reflux disease without esophagitis+
K29.70|Gastritis, unspecified, without bleeding
K35.80|Unspecified acute appendicitis
K50.90|Crohn's disease, unspecified, without complications+
K57.30|Diverticulosis of large intestine without perforation or abscess without bleeding
K59.00|Constipation, unspecified
L03.90|Cellulitis, unspecified
L20.9|Atopic dermatitis, unspecified+
L40.9|Psoriasis, unspecified+
L70.0|Acne vulgaris
M06.9|Rheumatoid arthritis, unspecified+
M17.9|Osteoarthritis of knee, unspecified+
M25.511|Pain in right shoulder
M54.50|Low back pain, unspecified
M81.0|Age-related osteoporosis without current pathological fracture+
N18.30|Chronic kidney disease, stage 3 unspecified+
N18.6|End stage renal disease+
N20.0|Calculus of kidney
N39.0|Urinary tract infection, site not specified
N40.0|Benign prostatic hyperplasia without lower urinary tract symptoms+
O09.90|Supervision of high risk pregnancy, unspecified, unspecified trimester
O24.419|Gestational diabetes mellitus in pregnancy, unspecified control
R05.9|Cough, unspecified
R06.02|Shortness of breath
R07.9|Chest pain, unspecified
R10.9|Unspecified abdominal pain
R42|Dizziness and giddiness
R50.9|Fever, unspecified
R51.9|Headache, unspecified
S06.0X0A|Concussion without loss of consciousness, initial encounter
S52.501A|Unspecified fracture of the lower end of right radius, initial encounter
S72.001A|Fracture of unspecified part of neck of right femur, initial encounter
S93.401A|Sprain of unspecified ligament of right ankle, initial encounter
Z00.00|Encounter for general adult medical examination without abnormal findings
Z12.11|Encounter for screening for malignant neoplasm of colon
Z23|Encounter for immunization
Z34.90|Encounter for supervision of normal pregnancy, unspecified, unspecified trimester
Z51.11|Encounter for antineoplastic chemotherapy
Z79.4|Long term (current) use of insulin+`;

export const DIAGNOSES: readonly Diagnosis[] = CODES.split("\n").map((line) => {
  const [code = "", title = ""] = line.split("|");
  const chronic = title.endsWith("+");
  return { code, title: chronic ? title.slice(0, -1) : title, chapter: CHAPTERS[code.charAt(0)] ?? "Other", chronic };
});

/** drug, strength, form, DEA schedule, unit price */
export const FORMULARY = [
  ["albuterol", "90 mcg", "inhaler", null, "24.10"],
  ["alprazolam", "0.5 mg", "tablet", 4, "0.38"],
  ["amlodipine", "5 mg", "tablet", null, "0.12"],
  ["amoxicillin", "500 mg", "capsule", null, "0.21"],
  ["atorvastatin", "20 mg", "tablet", null, "0.17"],
  ["azithromycin", "250 mg", "tablet", null, "1.92"],
  ["bictegravir", "50 mg", "tablet", null, "128.40"],
  ["gabapentin", "300 mg", "capsule", null, "0.19"],
  ["hydrochlorothiazide", "25 mg", "tablet", null, "0.08"],
  ["insulin glargine", "100 units/mL", "pen", null, "31.75"],
  ["levothyroxine", "50 mcg", "tablet", null, "0.23"],
  ["lisinopril", "10 mg", "tablet", null, "0.09"],
  ["metformin", "500 mg", "tablet", null, "0.07"],
  ["methylphenidate", "10 mg", "tablet", 2, "0.64"],
  ["metoprolol", "50 mg", "tablet", null, "0.14"],
  ["omeprazole", "20 mg", "capsule", null, "0.16"],
  ["oxycodone", "5 mg", "tablet", 2, "0.55"],
  ["prednisone", "10 mg", "tablet", null, "0.15"],
  ["sertraline", "50 mg", "tablet", null, "0.18"],
  ["warfarin", "5 mg", "tablet", null, "0.27"],
] as const;

/** LOINC, test, unit, low, high */
export const TESTS = [
  ["2160-0", "Creatinine", "mg/dL", 0.6, 1.3],
  ["2345-7", "Glucose", "mg/dL", 70, 99],
  ["2823-3", "Potassium", "mmol/L", 3.5, 5.1],
  ["2951-2", "Sodium", "mmol/L", 136, 145],
  ["3016-3", "Thyrotropin", "mIU/L", 0.4, 4],
  ["4548-4", "Hemoglobin A1c", "%", 4, 5.6],
  ["6690-2", "Leukocytes", "10*3/uL", 4.5, 11],
  ["718-7", "Hemoglobin", "g/dL", 12, 17.5],
  ["2089-1", "LDL cholesterol", "mg/dL", 0, 129],
  ["25836-8", "HIV 1 RNA", "copies/mL", 0, 20],
] as const;

/** Invented procedure codes (CPT is not free): code, charge */
export const PROCEDURES = [
  ["PX101", 142],
  ["PX102", 88],
  ["PX210", 415],
  ["PX305", 1250],
  ["PX411", 64],
  ["PX520", 39],
] as const;

export const DEVICES = [
  "glucose monitor",
  "pacemaker",
  "pulse oximeter",
  "CPAP",
  "insulin pump",
  "blood pressure cuff",
] as const;
