export const id=8170;export const ids=[8170];export const modules={8170:(o,t,s)=>{o.exports=s(15938)}};
