export const id=789;export const ids=[789];export const modules={8170:(o,t,s)=>{o.exports=s(15938)}};
