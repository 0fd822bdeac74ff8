export const id=170;export const ids=[170];export const modules={8170:(o,t,s)=>{o.exports=s(15938)}};
