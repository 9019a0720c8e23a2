// Frequent given names and surnames of the United States (Social Security Administration and Census lists of common names), in
// small letters, and words that are never or not by themselves names.

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ""));
}

export const FIRST_NAMES = words(`
  james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark donald steven paul
  andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey ryan jacob gary nicholas eric jonathan stephen larry
  justin scott brandon benjamin samuel gregory frank alexander raymond patrick jack dennis jerry tyler aaron jose adam nathan henry
  douglas zachary peter kyle walter ethan jeremy harold keith christian roger noah gerald carl terry sean austin arthur lawrence
  jesse dylan bryan joe jordan billy bruce albert willie gabriel logan alan juan wayne roy ralph randy eugene vincent russell elijah
  louis bobby philip johnny miguel antonio carlos luis jorge pedro manuel francisco alejandro diego javier ricardo eduardo fernando
  roberto sergio rafael marco mario oscar ivan hector ruben raul cesar ernesto enrique alberto pablo andres jaime julio angel omar
  mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra margaret ashley kimberly emily
  donna michelle carol amanda melissa deborah stephanie dorothy rebecca sharon laura cynthia amy kathleen angela shirley brenda emma
  anna pamela nicole samantha katherine christine helen debra rachel carolyn janet maria catherine heather diane olivia julie joyce
  victoria ruth virginia lauren kelly christina joan evelyn judith andrea hannah megan cheryl jacqueline martha madison teresa gloria
  sara janice ann kathryn abigail sophia frances jean alice judy isabella julia grace amber denise danielle marilyn beverly charlotte
  natalie theresa diana brittany doris kayla alexis lori marie carmen rosa ana sofia elena lucia isabel adriana gabriela alejandra
  mariana valeria camila daniela paola leticia yolanda silvia norma irma esther miriam naomi leah chloe zoe mia ava ella lily aria
  layla riley nora hazel aurora violet stella ellie claire lucy paisley everly skylar caroline genesis emilia kennedy maya willow
  kinsley ruby eva serenity autumn adeline hailey gianna valentina isla eliana quinn nevaeh ivy sadie piper lydia alexa josephine emery
  delilah arianna vivian kaylee sophie brielle liam mason oliver lucas aiden jackson levi mateo sebastian owen theodore jayden carter
  wyatt luke leo hudson grayson lincoln asher isaac maverick elias hunter colton cooper connor evan gavin ian xavier adrian axel
  miles ezra silas kai max finn theo felix hugo oscar jasper simon ahmed mohammed muhammad ali hassan hussein fatima aisha khadija
  wei li ming hui jing yan mei xin jun chen yuki hiroshi kenji akira sakura haruto priya anjali ravi sanjay rahul amit neha pooja
  deepak sunita vijay arjun kavita rajesh suresh olga svetlana natasha dmitri sergei vladimir boris igor tatiana irina pierre
  jacques claude michel francois giovanni giuseppe luigi paolo hans klaus jurgen heinrich greta ingrid lars sven bjorn astrid
  abdul aaliyah adele adil agata aida aino akiko aleksander alfonso alfredo alina alma amalia amina amir ananya anders andre andrea anika
  anita anneke annika anton antoine arash arnaud arturo ashok asma astrid ayse azra babak bao beatriz benedikt birgit bjorn bogdan
  branko camille candela carla carlo catarina cecilia celine chiara chidinma chinedu claudia claudio concepcion consuelo cristina dalia
  danilo darko davide dina dolores dragan edith eduard einar eleni elif emeka emil emine enzo ezgi fabian farah farid faisal fatih
  federico feng filip firas flavio florian francesca franco franz freya fumiko gaston georgi gerard gilles giorgio goran guadalupe
  guillaume gunnar gustavo hakan hamid hana hannes haruka hassan hector henrik hermann hiro hisham horst huda ignacio ilse imani
  imran ines ingeborg isaura ismail itzel jamal jan jana javad jens joao joaquin joern johan johanna jonas josefina josip jovan juanita
  jun kamal karim karin karl kaveh kavya keiko khalid khaled kiran klara kristof lamar lan lars latoya laszlo leila lena leonor lidia
  linnea ljubica lorenzo lourdes luciana lukas lukasz magda magdalena maite malik malika manfred marcel marcelo marcin mariam
  marisol marta martin masako mateus matthias mehmet mei mercedes mihai milan milos mina mirjana mohamed mona monika mustafa nadia
  nadine nasser natalia nikhil nikolai nikolaos nils nina nkechi noor nuria odette oksana oleksandr oluwaseun otto oumar paloma parisa
  pascal patricio pavel pedro perla petra pilar piotr prakash preeti rachid radek rafal rahim raj rajan ramon rania rashid reza
  rocio rodrigo roland rosario roza ruslan saad sabine sachin saeed salim salma sandeep sanna sayed selma seo shanice shirin shreya
  siddharth sigrid simone slavica soren sofie solveig sonia stefan stefania sunil susana sushila svetla takashi tamar tamara tanvi tariq
  tatsuya tendai thabo thandi tomas tomoko torsten trang tuan ulrich umar ursula valeria vanja vasily veronika viktor vikram
  vincenzo violeta vito vusi wanda werner wiktor wojciech xavier xiomara yara yasmin yosef youssef yuan yusuf yvette zahra zainab
  zeynep zhen zoltan zuzana
  nguyen minh linh thi kwame kofi amara chidi ngozi tunde bill bob jim tom tim dan dave mike steve chris matt tony nick ben sam greg
  jeff ken ron don ray ted fred stan phil doug pete andy josh kate katie liz beth peg peggy sue kim kathy patty pam jen jenny meg
  maggie molly sally wendy tina tracy stacy dana robin jamie casey taylor morgan avery cameron devon drew dominic edwin edgar
  clarence ernest earl floyd leonard leroy lewis lloyd melvin norman rodney stanley theodore vernon wallace warren wesley agnes
  beatrice bernice bertha clara edith edna eleanor elsie estelle ethel eunice florence gertrude gladys harriet ida irene jane josie
  lillian lois loretta lucille mabel marjorie mildred minnie myrtle pauline pearl rita roberta rosemary sylvia thelma vera wilma
`);

export const LAST_NAMES = words(`
  smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez gonzales wilson anderson thomas
  taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson walker young allen king wright
  scott torres nguyen hill flores green adams nelson baker hall rivera campbell mitchell carter roberts gomez phillips evans turner
  diaz parker cruz edwards collins reyes stewart morris morales murphy cook rogers gutierrez ortiz morgan cooper peterson bailey
  reed kelly howard ramos kim cox ward richardson watson brooks chavez wood james bennett gray mendoza ruiz hughes price alvarez
  castillo sanders patel myers long ross foster jimenez powell jenkins perry russell sullivan bell coleman butler henderson barnes
  fisher vasquez simmons romero jordan patterson alexander hamilton graham reynolds griffin wallace moreno west cole hayes bryant
  herrera gibson ellis tran medina aguilar stevens murray ford castro marshall owens harrison fernandez mcdonald woods washington
  kennedy wells vargas henry chen freeman webb tucker guzman burns crawford olson simpson porter hunter gordon mendez silva shaw
  snyder mason dixon munoz hunt hicks holmes palmer wagner black robertson boyd rose stone salazar fox warren mills meyer rice
  schmidt garza daniels ferguson nichols stephens soto weaver ryan gardner payne grant dunn kelley spencer hawkins arnold pierce
  vazquez hansen peters santos hart bradley knight elliott cunningham duncan armstrong hudson carroll lane riley andrews alvarado
  ray delgado berry perkins hoffman johnston matthews pena richards contreras willis carpenter lawrence sandoval guerrero george
  chapman rios estrada ortega watkins greene nunez wheeler valdez harper burke larson santiago maldonado morrison franklin carlson
  austin dominguez carr lawson jacobs obrien o'brien lynch singh vega bishop montgomery oliver jensen harvey williamson gilbert dean
  sims espinoza howell li wong reid hanson le mccoy garrett burton fuller wang weber welch rojas lucas marquez fields park yang
  little banks padilla day walsh bowman schultz luna fowler mejia davidson acosta brewer may holland juarez newman pearson curtis
  cortez douglas schneider joseph barrett navarro figueroa keller avila wade molina stanley hopkins campos barnett bates chambers
  caldwell beck lambert miranda byrd craig ayala lowe frazier powers neal leonard gregory carrillo sutton fleming rhodes shelton
  schwartz norris jennings rios trujillo quinn bush cardenas steele kaur khan ali ahmed hussain shah gupta sharma kumar das roy
  ito sato suzuki takahashi tanaka watanabe yamamoto nakamura kobayashi zhang liu huang zhao wu zhou xu sun ma zhu hu lin guo he gao
  choi jung kang cho yoon jang lim pham hoang vu dang bui ngo duong ivanov petrov sidorov kowalski nowak novak horvat jansen
  visser bakker dubois moreau laurent rossi russo ferrari esposito bianchi romano colombo ricci marino greco bruno gallo conti
  okafor okonkwo adeyemi mensah abdi osman mohamed ibrahim hassan haddad nasser levy cohen goldberg friedman rosenberg katz
  shapiro weiss klein fischer becker schulz hofmann schaefer koch bauer richter wolf schroeder neumann zimmerman braun krueger
  hartmann lange werner krause lehmann maier huber kaiser fuchs peterson swanson erickson gustafson lindgren nilsson eriksson
  larsen pedersen nielsen andersen christensen sorensen rasmussen macdonald mackenzie mclean mcintyre mccarthy mccormick mclaughlin
  mcguire mckinney mckenzie mcgee o'connor o'neill o'donnell o'sullivan fitzgerald gallagher doherty kavanagh connolly donovan
  souza oliveira pereira costa ferreira rodrigues almeida nascimento carvalho araujo ribeiro barbosa cardoso correia
`);

/** Names that are also words: by themselves they are not taken for names. */
export const AMBIGUOUS = words(`
  will may mark art bill frank jack pat rob sue grace hope faith joy april june august rose dawn summer autumn amber christian drew
  chase grant miles max pearl ruby hazel violet ivy iris lily daisy willow aurora serenity genesis stella eve carol gene jean ray
  rich guy dale glen cliff chuck rusty sandy heather ginger olive penny robin jay angel hunter mason carter cooper parker piper
  brown white black green gray young long short king bell rice wood woods cook hill park day price cross hunt fields moss ward banks
  stone little bush rose fox wolf west east north south hall lane brooks ford wells mills ma he le li hu an see do so ray sun lin
  lim das ali day rich bishop knight page carpenter baker butler fisher porter weaver cole beck dean lynch rhodes powers steele case
  bates mills miranda cox austin jordan washington madison lincoln hudson logan virginia georgia carolina florence victoria chase
  luna kai lange koch kim roy lee jung cho chen berry carr burns ross reed hart curtis major bright best love
  don ken ron dan ted stan earl wayne sam ben drew tim tom jim terry cross marshall graham gray
  crawford murray foster duncan gordon bowman hughes barrett wilms parkinson hodgkin crohn cushing addison graves bell turner
`);

/** Words with a capital in clinical notes that are no names, at the start of a sentence or as headings. */
export const NO_NAMES = words(`
  the a an and or but if then of in on at to for from with without by as is was are were be been has have had does did do no not none
  he she they it we i you his her their its our my your this that these those there here who which what when where why how
  patient pt mr mrs ms dr doctor nurse prof history hx physical exam examination assessment plan impression subjective objective
  diagnosis dx treatment tx medication medications meds allergies allergy labs lab results result vitals vital signs chief complaint
  review systems social family past medical surgical follow followup up discharge admission admitted discharged denies reports states
  complains presents presented returns returned seen called spoke discussed advised instructed recommended continue continued start
  started stop stopped increase decrease normal abnormal positive negative stable improved worse worsening today yesterday tomorrow
  monday tuesday wednesday thursday friday saturday sunday january february march july september october
  november december phone telephone tel fax email mail address zip ssn mrn dob date time name contact emergency insurance
  hospital clinic center centre department emergency room icu er ed unit ward floor bed street avenue road suite apartment
  blood pressure heart rate temperature pulse oxygen weight height bmi pain chest abdominal head neck back left right upper lower
  mother father son daughter wife husband spouse brother sister partner parent guardian caregiver male female man woman
  metformin insulin lisinopril atorvastatin amlodipine aspirin ibuprofen acetaminophen warfarin heparin albuterol prednisone
  amoxicillin diabetes hypertension asthma copd cancer pneumonia infection stroke cardiac renal hepatic pulmonary chronic acute
  type stage grade class form note notes record number id account please thank thanks dear sincerely regards re call can may
  should would could new old per via after before during since until about also however both each other same next last first
  medicare medicaid english spanish french german italian chinese american african asian hispanic caucasian european covid
  holter braden apgar foley doppler glasgow babinski romberg tinetti wells centor ranson gleason breslow kellgren lachman mcmurray
  tylenol advil motrin aleve lasix eliquis xarelto lipitor crestor zoloft prozac lexapro norvasc plavix coumadin lantus humalog novolog
  ozempic trulicity jardiance synthroid ventolin advair symbicort flonase claritin zyrtec benadryl nexium prilosec pepcid zofran
  ativan xanax valium ambien oxycontin percocet vicodin neurontin lyrica keppra humira enbrel viagra botox ritalin adderall
  escherichia staphylococcus streptococcus candida helicobacter clostridium pseudomonas klebsiella gram
  cardiology neurology oncology radiology pediatrics orthopedics dermatology psychiatry urology nephrology gastroenterology podiatry
  pulmonology endocrinology hematology surgery anesthesiology ophthalmology obstetrics gynecology geriatrics rheumatology pathology
  pharmacy physiotherapy therapy rehab hospice nutrition telehealth triage
  north south east west internet portal zoom skype
  reached reach verified confirmed scheduled referral referred provider physician primary care reason visit encounter appointment
`);
