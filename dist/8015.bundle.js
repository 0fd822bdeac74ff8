export const id=8015;export const ids=[8015];export const modules={18015:(e,s,n)=>{var r=n(23578);var o=n(19597);var t=n(75919);const a=500;const c=10;const i=`
const { workerData } = require('node:worker_threads');
let missed = 0;
setInterval(() => {
  let there = process.ppid === workerData.parent;
  if (there) try { process.kill(workerData.parent, 0); } catch (e) { there = e.code === 'EPERM'; }
  missed = there ? 0 : missed + 1;
  if (missed > ${c}) process.kill(process.pid, 'SIGKILL');
}, ${a});
`;function dieWithParent(){const e=new t.Worker(i,{eval:true,workerData:{parent:process.ppid},execArgv:[],stdout:true});e.on("error",()=>{});e.unref()};(0,o.w)();dieWithParent();const sessions=()=>n.e(2911).then(n.bind(n,2911));const engines=()=>Promise.all([n.e(1008),n.e(7915)]).then(n.bind(n,71836));(0,r.w)({"source.open":async e=>(await sessions()).openSession(e),"source.run":async e=>(await sessions()).runSession(e),"source.close":async e=>(await sessions()).closeSession(e),"engine.open":async e=>(await engines()).open(e),"engine.load":async e=>(await engines()).load(e),"engine.run":async e=>(await engines()).run(e),"engine.dispose":async e=>(await engines()).dispose(e)})},23578:(e,s,n)=>{n.d(s,{w:()=>serve});var r=n(75919);function endWithParent(){const e=`
    const parent = ${process.ppid};
    setInterval(() => {
      try {
        process.kill(parent, 0);
        if (process.platform === 'win32' || process.ppid === parent) return;
      } catch {}
      process.kill(process.pid, 'SIGKILL');
    }, 1000);`;new r.Worker(e,{eval:true,env:{}}).unref()}function serve(e){const send=e=>{if(process.connected)process.send?.(e)};endWithParent();process.on("SIGXFSZ",()=>{});process.on("disconnect",()=>process.exit(0));process.on("message",async({id:s,task:n,request:r})=>{try{const o=Object.hasOwn(e,n)?e[n]:undefined;if(!o)throw new Error(`there is no task ${n}`);const t=await o(r,e=>send({id:s,kind:"progress",step:e}));send({id:s,kind:"value",value:t})}catch(n){const e=n instanceof Error?n:new Error(String(n));send({id:s,kind:"thrown",name:e.name,message:e.message,stack:e.stack??""})}})}},19597:(e,s,n)=>{n.d(s,{w:()=>leaveNetwork});var r=n(41314);var o=n(77030);let t=class NetworkError extends Error{code="ERR_ACCESS_DENIED";constructor(){super("a process that reads a model reaches no network");this.name="NetworkError"}};function leaveNetwork(){const refuse=()=>{throw new t};o.Socket.prototype.connect=refuse;r.Socket.prototype.connect=refuse;r.Socket.prototype.send=refuse}}};
