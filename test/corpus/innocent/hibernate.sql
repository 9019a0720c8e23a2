-- Hibernate ORM 6.6 with pgjdbc 42.7: queries in HQL over entities, changes, hbm2ddl.auto=validate.
-- Captured on the wire, over models of the clinic. Keys are constants, values of patients are looked up when the test runs.
-- as: engineer

SET extra_float_digits = 2;

SET application_name = 'PostgreSQL JDBC Driver';

select string_agg(word, ',') from pg_catalog.pg_get_keywords() where word <> ALL ('{a,abs,absolute,action,ada,add,admin,after,all,allocate,alter,always,and,any,are,array,as,asc,asensitive,assertion,assignment,asymmetric,at,atomic,attribute,attributes,authorization,avg,before,begin,bernoulli,between,bigint,binary,blob,boolean,both,breadth,by,c,call,called,cardinality,cascade,cascaded,case,cast,catalog,catalog_name,ceil,ceiling,chain,char,char_length,character,character_length,character_set_catalog,character_set_name,character_set_schema,characteristics,characters,check,checked,class_origin,clob,close,coalesce,cobol,code_units,collate,collation,collation_catalog,collation_name,collation_schema,collect,column,column_name,command_function,command_function_code,commit,committed,condition,condition_number,connect,connection_name,constraint,constraint_catalog,constraint_name,constraint_schema,constraints,constructors,contains,continue,convert,corr,corresponding,count,covar_pop,covar_samp,create,cross,cube,cume_dist,current,current_collation,current_date,current_default_transform_group,current_path,current_role,current_time,current_timestamp,current_transform_group_for_type,current_user,cursor,cursor_name,cycle,data,date,datetime_interval_code,datetime_interval_precision,day,deallocate,dec,decimal,declare,default,defaults,deferrable,deferred,defined,definer,degree,delete,dense_rank,depth,deref,derived,desc,describe,descriptor,deterministic,diagnostics,disconnect,dispatch,distinct,domain,double,drop,dynamic,dynamic_function,dynamic_function_code,each,element,else,end,end-exec,equals,escape,every,except,exception,exclude,excluding,exec,execute,exists,exp,external,extract,false,fetch,filter,final,first,float,floor,following,for,foreign,fortran,found,free,from,full,function,fusion,g,general,get,global,go,goto,grant,granted,group,grouping,having,hierarchy,hold,hour,identity,immediate,implementation,in,including,increment,indicator,initially,inner,inout,input,insensitive,insert,instance,instantiable,int,integer,intersect,intersection,interval,into,invoker,is,isolation,join,k,key,key_member,key_type,language,large,last,lateral,leading,left,length,level,like,ln,local,localtime,localtimestamp,locator,lower,m,map,match,matched,max,maxvalue,member,merge,message_length,message_octet_length,message_text,method,min,minute,minvalue,mod,modifies,module,month,more,multiset,mumps,name,names,national,natural,nchar,nclob,nesting,new,next,no,none,normalize,normalized,not,"null",nullable,nullif,nulls,number,numeric,object,octet_length,octets,of,old,on,only,open,option,options,or,order,ordering,ordinality,others,out,outer,output,over,overlaps,overlay,overriding,pad,parameter,parameter_mode,parameter_name,parameter_ordinal_position,parameter_specific_catalog,parameter_specific_name,parameter_specific_schema,partial,partition,pascal,path,percent_rank,percentile_cont,percentile_disc,placing,pli,position,power,preceding,precision,prepare,preserve,primary,prior,privileges,procedure,public,range,rank,read,reads,real,recursive,ref,references,referencing,regr_avgx,regr_avgy,regr_count,regr_intercept,regr_r2,regr_slope,regr_sxx,regr_sxy,regr_syy,relative,release,repeatable,restart,result,return,returned_cardinality,returned_length,returned_octet_length,returned_sqlstate,returns,revoke,right,role,rollback,rollup,routine,routine_catalog,routine_name,routine_schema,row,row_count,row_number,rows,savepoint,scale,schema,schema_name,scope_catalog,scope_name,scope_schema,scroll,search,second,section,security,select,self,sensitive,sequence,serializable,server_name,session,session_user,set,sets,similar,simple,size,smallint,some,source,space,specific,specific_name,specifictype,sql,sqlexception,sqlstate,sqlwarning,sqrt,start,state,statement,static,stddev_pop,stddev_samp,structure,style,subclass_origin,submultiset,substring,sum,symmetric,system,system_user,table,table_name,tablesample,temporary,then,ties,time,timestamp,timezone_hour,timezone_minute,to,top_level_count,trailing,transaction,transaction_active,transactions_committed,transactions_rolled_back,transform,transforms,translate,translation,treat,trigger,trigger_catalog,trigger_name,trigger_schema,trim,true,type,uescape,unbounded,uncommitted,under,union,unique,unknown,unnamed,unnest,update,upper,usage,user,user_defined_type_catalog,user_defined_type_code,user_defined_type_name,user_defined_type_schema,using,value,values,var_pop,var_samp,varchar,varying,view,when,whenever,where,width_bucket,window,with,within,without,work,write,year,zone}'::text[]);

select version();

select current_schema();

-- bind: 1
select d1_0.id,d1_0.closes,d1_0.floor,d1_0.name,d1_0.opens from departments d1_0 where d1_0.id=$1;

-- bind: 3
select c1_0.id,c1_0.active,c1_0.department_id,c1_0.family_name,c1_0.given_name,c1_0.hired_on,c1_0.specialty,c1_0.supervisor_id from clinicians c1_0 where c1_0.id=$1;

-- bind: 7
-- masked: birth_date, family_name, mrn, phone, portal_id
select p1_0.id,p1_0.allergies,p1_0.birth_date,p1_0.primary_clinician_id,p1_0.created_at,p1_0.family_name,p1_0.mrn,p1_0.phone,p1_0.portal_id from patients p1_0 where p1_0.id=$1;

-- bind: 5
select e1_0.id,e1_0.admitted_at,c1_0.id,c1_0.active,c1_0.department_id,c1_0.family_name,c1_0.given_name,c1_0.hired_on,c1_0.specialty,c1_0.supervisor_id,e1_0.department_id,e1_0.discharged_at,e1_0.patient_id,e1_0.reason from encounters e1_0 left join clinicians c1_0 on c1_0.id=e1_0.clinician_id where e1_0.id=$1;

-- bind: 7
select e1_0.patient_id,e1_0.id,e1_0.admitted_at,c1_0.id,c1_0.active,c1_0.department_id,c1_0.family_name,c1_0.given_name,c1_0.hired_on,c1_0.specialty,c1_0.supervisor_id,e1_0.department_id,e1_0.discharged_at,e1_0.reason from encounters e1_0 left join clinicians c1_0 on c1_0.id=e1_0.clinician_id where e1_0.patient_id=$1;

select d1_0.id,d1_0.closes,d1_0.floor,d1_0.name,d1_0.opens from departments d1_0 order by d1_0.name;

-- bind: '2'::int2, 5
select d1_0.id,d1_0.closes,d1_0.floor,d1_0.name,d1_0.opens from departments d1_0 where d1_0.floor>=$1 order by d1_0.id fetch first $2 rows only;

select count(*) from departments d1_0;

-- bind: 1
select d1_0.id,d1_0.closes,d1_0.floor,d1_0.name,d1_0.opens,s1_0.department_id,s1_0.id,s1_0.active,s1_0.family_name,s1_0.given_name,s1_0.hired_on,s1_0.specialty,s1_0.supervisor_id from departments d1_0 left join clinicians s1_0 on d1_0.id=s1_0.department_id where d1_0.id=$1;

-- bind: 10
select c1_0.id,c1_0.active,d1_0.id,d1_0.closes,d1_0.floor,d1_0.name,d1_0.opens,c1_0.family_name,c1_0.given_name,c1_0.hired_on,c1_0.specialty,c1_0.supervisor_id from clinicians c1_0 join departments d1_0 on d1_0.id=c1_0.department_id order by c1_0.id fetch first $1 rows only;

select c1_0.specialty,count(c1_0.id) from clinicians c1_0 group by c1_0.specialty having count(c1_0.id)>1 order by c1_0.specialty;

-- bind: 'Cardiology'::varchar, 'Oncology'::varchar
select c1_0.id,c1_0.active,c1_0.department_id,c1_0.family_name,c1_0.given_name,c1_0.hired_on,c1_0.specialty,c1_0.supervisor_id from clinicians c1_0 where c1_0.specialty in ($1,$2) and (c1_0.active=true or c1_0.supervisor_id is null) order by c1_0.id;

-- bind: 'a%'::varchar, 5
select c1_0.id,c1_0.active,c1_0.department_id,c1_0.family_name,c1_0.given_name,c1_0.hired_on,c1_0.specialty,c1_0.supervisor_id from clinicians c1_0 where lower(c1_0.family_name) like $1 escape '' order by c1_0.id fetch first $2 rows only;

-- bind: '2010-01-01 +00', '2015-01-01 +00', 5
select c1_0.id,upper(c1_0.family_name) from clinicians c1_0 where c1_0.hired_on between $1 and $2 order by c1_0.id fetch first $3 rows only;

select distinct c1_0.specialty from clinicians c1_0 order by c1_0.specialty;

-- bind: 20
-- masked: birth_date, family_name, mrn, phone, portal_id
select p1_0.id,p1_0.allergies,p1_0.birth_date,p1_0.primary_clinician_id,p1_0.created_at,p1_0.family_name,p1_0.mrn,p1_0.phone,p1_0.portal_id from patients p1_0 order by p1_0.id fetch first $1 rows only;

-- bind: 100, 20
-- masked: birth_date, family_name, mrn, phone, portal_id
select p1_0.id,p1_0.allergies,p1_0.birth_date,p1_0.primary_clinician_id,p1_0.created_at,p1_0.family_name,p1_0.mrn,p1_0.phone,p1_0.portal_id from patients p1_0 order by p1_0.id offset $1 rows fetch first $2 rows only;

-- bind: 2, 5
select p1_0.id from patients p1_0 where exists(select 1 from encounters e1_0 where e1_0.patient_id=p1_0.id and e1_0.department_id=$1) order by p1_0.id fetch first $2 rows only;

select p1_0.id,(select count(*) from encounters e1_0 where p1_0.id=e1_0.patient_id) from patients p1_0 where p1_0.id in (1,2,3) order by p1_0.id;

-- bind: 5
select p1_0.id,(select max(e1_0.admitted_at) from encounters e1_0 where e1_0.patient_id=p1_0.id) from patients p1_0 order by p1_0.id fetch first $1 rows only;

-- as: nurse
-- bind: '2026-01-01 00:00:00+00', 10
-- masked: portal_id
select e1_0.id,e1_0.admitted_at,c1_0.id,c1_0.active,c1_0.department_id,c1_0.family_name,c1_0.given_name,c1_0.hired_on,c1_0.specialty,c1_0.supervisor_id,e1_0.department_id,e1_0.discharged_at,p1_0.id,p1_0.allergies,p1_0.birth_date,p1_0.primary_clinician_id,p1_0.created_at,p1_0.family_name,p1_0.mrn,p1_0.phone,p1_0.portal_id,e1_0.reason from encounters e1_0 join patients p1_0 on p1_0.id=e1_0.patient_id join clinicians c1_0 on c1_0.id=e1_0.clinician_id where e1_0.admitted_at>=$1 order by e1_0.admitted_at desc,e1_0.id fetch first $2 rows only;

select extract(year from e1_0.admitted_at),extract(month from e1_0.admitted_at),count(*) from encounters e1_0 group by extract(year from e1_0.admitted_at),extract(month from e1_0.admitted_at) order by 1,2;

select d1_0.name,count(distinct e1_0.patient_id) from encounters e1_0 join departments d1_0 on d1_0.id=e1_0.department_id group by d1_0.name order by d1_0.name;

select case when e1_0.discharged_at is null then 'open' else 'closed' end,count(*) from encounters e1_0 group by 1 order by 1;

-- bind: 5
select e1_0.id,row_number() over(partition by e1_0.department_id order by e1_0.admitted_at) from encounters e1_0 order by e1_0.id fetch first $1 rows only;

select c1_0.payer,sum(c1_0.billed),avg(c1_0.paid),coalesce(sum(c1_0.paid),0) from billing.claims c1_0 group by c1_0.payer order by c1_0.payer;

-- bind: '12'::numeric, 5
select c1_0.id,c1_0.billed,c1_0.paid,c1_0.patient_id,c1_0.payer,c1_0.submitted_on from billing.claims c1_0 where c1_0.billed>$1 order by c1_0.id fetch first $2 rows only;

-- bind: '100'::int8
with b (d,n) as (select e1_0.department_id,count(*) from encounters e1_0 group by e1_0.department_id) select b1_0.d,b1_0.n from b b1_0 where b1_0.n>$1 order by b1_0.d;

select d1_0.id from departments d1_0 union select c1_0.department_id from clinicians c1_0;

-- undo
-- bind: '17:00:00+00', '1'::int2, 'Ward'::varchar, '08:00:00+00', 900
insert into departments (closes,floor,name,opens,id) values ($1,$2,$3,$4,$5);

-- undo
-- bind: '18:00:00+00', '6'::int2, 'Cardiology'::varchar, '08:00:00+00', 1
update departments set closes=$1,floor=$2,name=$3,opens=$4 where id=$5;

-- undo
-- bind: '9'::varchar, 1
update appointments a1_0 set room=$1 where a1_0.id=$2;

-- undo
-- bind: 1
select a1_0.id,a1_0.patient_id,a1_0.reason,a1_0.room from appointments a1_0 where a1_0.id=$1 for no key update;

-- undo
-- bind: 2
select a1_0.id,a1_0.patient_id,a1_0.reason,a1_0.room from appointments a1_0 order by a1_0.id fetch first $1 rows only for no key update;

select d1_0.id,d1_0.closes,d1_0.floor,d1_0.name,d1_0.opens from departments d1_0 order by d1_0.id;

-- bind: 2
select id, name from departments where floor = $1;

SELECT c.oid, a.attnum, a.attname, c.relname, n.nspname, a.attnotnull OR (t.typtype = 'd' AND t.typnotnull), a.attidentity != '' OR pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON (c.relnamespace = n.oid) JOIN pg_catalog.pg_attribute a ON (c.oid = a.attrelid) JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid) LEFT JOIN pg_catalog.pg_attrdef d ON (d.adrelid = a.attrelid AND d.adnum = a.attnum) JOIN (SELECT {public.departments} AS oid , 1 AS attnum UNION ALL SELECT {public.departments}, 2) vals ON (c.oid = vals.oid AND a.attnum = vals.attnum) where c.oid in ({public.departments});

select * from information_schema.sequences;

SELECT current_database() AS "TABLE_CAT", n.nspname AS "TABLE_SCHEM", c.relname AS "TABLE_NAME",  CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema'  WHEN true THEN CASE  WHEN n.nspname = 'pg_catalog' OR n.nspname = 'information_schema' THEN CASE c.relkind   WHEN 'r' THEN 'SYSTEM TABLE'   WHEN 'v' THEN 'SYSTEM VIEW'   WHEN 'i' THEN 'SYSTEM INDEX'   ELSE NULL   END  WHEN n.nspname = 'pg_toast' THEN CASE c.relkind   WHEN 'r' THEN 'SYSTEM TOAST TABLE'   WHEN 'i' THEN 'SYSTEM TOAST INDEX'   ELSE NULL   END  ELSE CASE c.relkind   WHEN 'r' THEN 'TEMPORARY TABLE'   WHEN 'p' THEN 'TEMPORARY TABLE'   WHEN 'i' THEN 'TEMPORARY INDEX'   WHEN 'S' THEN 'TEMPORARY SEQUENCE'   WHEN 'v' THEN 'TEMPORARY VIEW'   ELSE NULL   END  END  WHEN false THEN CASE c.relkind  WHEN 'r' THEN 'TABLE'  WHEN 'p' THEN 'PARTITIONED TABLE'  WHEN 'i' THEN 'INDEX'  WHEN 'P' then 'PARTITIONED INDEX'  WHEN 'S' THEN 'SEQUENCE'  WHEN 'v' THEN 'VIEW'  WHEN 'c' THEN 'TYPE'  WHEN 'f' THEN 'FOREIGN TABLE'  WHEN 'm' THEN 'MATERIALIZED VIEW'  ELSE NULL  END  ELSE NULL  END  AS "TABLE_TYPE", d.description AS "REMARKS",  '' as "TYPE_CAT", '' as "TYPE_SCHEM", '' as "TYPE_NAME", '' AS "SELF_REFERENCING_COL_NAME", '' AS "REF_GENERATION"  FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c  LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0  and d.classoid = 'pg_class'::regclass)  WHERE c.relnamespace = n.oid  AND n.nspname LIKE 'billing' AND c.relname LIKE '%' AND (false  OR ( c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' )  OR ( c.relkind = 'v' AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema' )  OR ( c.relkind = 'm' )  OR ( c.relkind = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ) )  ORDER BY "TABLE_TYPE","TABLE_SCHEM","TABLE_NAME";

SELECT * FROM (SELECT current_database(), n.nspname,c.relname,a.attname,a.atttypid,a.attnotnull  OR (t.typtype = 'd' AND t.typnotnull) AS attnotnull,a.atttypmod,a.attlen,t.typtypmod,row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, nullif(a.attidentity, '') as attidentity,nullif(a.attgenerated, '') as attgenerated,pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc,dsc.description,t.typbasetype,t.typtype  FROM pg_catalog.pg_namespace n  JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid)  JOIN pg_catalog.pg_attribute a ON (a.attrelid=c.oid)  JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid)  LEFT JOIN pg_catalog.pg_attrdef def ON (a.attrelid=def.adrelid AND a.attnum = def.adnum)  LEFT JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)  LEFT JOIN pg_catalog.pg_class dc ON (dc.oid=dsc.classoid AND dc.relname='pg_class')  LEFT JOIN pg_catalog.pg_namespace dn ON (dc.relnamespace=dn.oid AND dn.nspname='pg_catalog')  WHERE c.relkind in ('r','p','v','f','m') and a.attnum > 0 AND NOT a.attisdropped  AND n.nspname LIKE 'billing') c WHERE true  AND attname LIKE '%' ORDER BY nspname,c.relname,attnum;

-- bind: {type public.amount}
SELECT n.nspname = ANY(current_schemas(true)), n.nspname, t.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE t.oid = $1;

-- bind: '3802'::int8
SELECT typinput='pg_catalog.array_in'::regproc as is_array, typtype, typname, pg_type.oid   FROM pg_catalog.pg_type   LEFT JOIN (select ns.oid as nspoid, ns.nspname, r.r           from pg_namespace as ns           join ( select s.r, (current_schemas(false))[s.r] as nspname                    from generate_series(1, array_upper(current_schemas(false), 1)) as s(r) ) as r          using ( nspname )        ) as sp     ON sp.nspoid = typnamespace  WHERE pg_type.oid = $1  ORDER BY sp.r, pg_type.oid DESC;

-- bind: 7
-- masked: birth_date, family_name, mrn, phone, portal_id
select p1_0.id,p1_0.birth_date,p1_0.primary_clinician_id,p1_0.created_at,p1_0.family_name,p1_0.mrn,p1_0.phone,p1_0.portal_id from patients p1_0 where p1_0.id=$1;

-- bind: 20
-- masked: birth_date, family_name, mrn, phone, portal_id
select p1_0.id,p1_0.birth_date,p1_0.primary_clinician_id,p1_0.created_at,p1_0.family_name,p1_0.mrn,p1_0.phone,p1_0.portal_id from patients p1_0 order by p1_0.id fetch first $1 rows only;

-- bind: 100, 20
-- masked: birth_date, family_name, mrn, phone, portal_id
select p1_0.id,p1_0.birth_date,p1_0.primary_clinician_id,p1_0.created_at,p1_0.family_name,p1_0.mrn,p1_0.phone,p1_0.portal_id from patients p1_0 order by p1_0.id offset $1 rows fetch first $2 rows only;

-- as: nurse
-- bind: '2026-01-01 00:00:00+00', 10
-- masked: portal_id
select e1_0.id,e1_0.admitted_at,c1_0.id,c1_0.active,c1_0.department_id,c1_0.family_name,c1_0.given_name,c1_0.hired_on,c1_0.specialty,c1_0.supervisor_id,e1_0.department_id,e1_0.discharged_at,p1_0.id,p1_0.birth_date,p1_0.primary_clinician_id,p1_0.created_at,p1_0.family_name,p1_0.mrn,p1_0.phone,p1_0.portal_id,e1_0.reason from encounters e1_0 join patients p1_0 on p1_0.id=e1_0.patient_id join clinicians c1_0 on c1_0.id=e1_0.clinician_id where e1_0.admitted_at>=$1 order by e1_0.admitted_at desc,e1_0.id fetch first $2 rows only;
