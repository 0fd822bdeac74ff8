export const id=15;export const ids=[15];export const modules={18015:(e,s,r)=>{var n=r(71048);var t=r(75919);const o=500;const c=`
const { workerData } = require('node:worker_threads');
setInterval(() => {
  let there = process.ppid === workerData.parent;
  if (there) try { process.kill(workerData.parent, 0); } catch (e) { there = e.code === 'EPERM'; }
  if (!there) process.kill(process.pid, 'SIGKILL');
}, ${o});
`;function dieWithParent(){const e=new t.Worker(c,{eval:true,workerData:{parent:process.ppid},execArgv:[],stdout:true});e.on("error",()=>{});e.unref()};dieWithParent();const sessions=()=>r.e(911).then(r.bind(r,2911));(0,n.w)({"source.open":async e=>(await sessions()).openSession(e),"source.run":async e=>(await sessions()).runSession(e),"source.close":async e=>(await sessions()).closeSession(e)})},71048:(e,s,r)=>{r.d(s,{w:()=>serve});var n=r(75919);function endWithParent(){const e=`
    const parent = ${process.ppid};
    setInterval(() => {
      try {
        process.kill(parent, 0);
        if (process.platform === 'win32' || process.ppid === parent) return;
      } catch {}
      process.kill(process.pid, 'SIGKILL');
    }, 1000);`;new n.Worker(e,{eval:true,env:{}}).unref()}function serve(e){const send=e=>{if(process.connected)process.send?.(e)};endWithParent();process.on("disconnect",()=>process.exit(0));process.on("message",async({id:s,task:r,request:n})=>{try{const t=Object.hasOwn(e,r)?e[r]:undefined;if(!t)throw new Error(`there is no task ${r}`);const o=await t(n,e=>send({id:s,kind:"progress",step:e}));send({id:s,kind:"value",value:o})}catch(r){const e=r instanceof Error?r:new Error(String(r));send({id:s,kind:"thrown",name:e.name,message:e.message,stack:e.stack??""})}})}}};
