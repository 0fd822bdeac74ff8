export const id=569;export const ids=[569];export const modules={71048:(e,n,s)=>{s.d(n,{w:()=>serve});var r=s(75919);function endWithParent(){const e=`
    const parent = ${process.ppid};
    setInterval(() => {
      try {
        process.kill(parent, 0);
        if (process.platform === 'win32' || process.ppid === parent) return;
      } catch {}
      process.kill(process.pid, 'SIGKILL');
    }, 1000);`;new r.Worker(e,{eval:true,env:{}}).unref()}function serve(e){const send=e=>{if(process.connected)process.send?.(e)};endWithParent();process.on("disconnect",()=>process.exit(0));process.on("message",async({id:n,task:s,request:r})=>{try{const t=Object.hasOwn(e,s)?e[s]:undefined;if(!t)throw new Error(`there is no task ${s}`);const o=await t(r,e=>send({id:n,kind:"progress",step:e}));send({id:n,kind:"value",value:o})}catch(s){const e=s instanceof Error?s:new Error(String(s));send({id:n,kind:"thrown",name:e.name,message:e.message,stack:e.stack??""})}})}},66569:(e,n,s)=>{s.r(n);var r=s(71048);(0,r.w)({async convert(e){const{convertModel:n}=await Promise.all([s.e(789),s.e(928),s.e(587)]).then(s.bind(s,76139));return n(e)},async inspect(e){const{inspectModel:n}=await Promise.all([s.e(789),s.e(928),s.e(587)]).then(s.bind(s,76139));return n(e)},async record(e){const{recordReference:n}=await Promise.all([s.e(6),s.e(789),s.e(382),s.e(928),s.e(604),s.e(843),s.e(796)]).then(s.bind(s,88796));return n(e)},async verify(e,n){const{judge:r}=await Promise.all([s.e(6),s.e(789),s.e(382),s.e(928),s.e(604),s.e(843),s.e(28)]).then(s.bind(s,68028));return r(e,n)}})}};
