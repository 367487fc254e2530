"""Exports as the six systems write them, with the things that go wrong in real ones."""

JUDGEME = """\
title,body,rating,review_date,source,curated,reviewer_name,reviewer_email,product_id,product_handle,reply,reply_date,\
picture_urls,ip_address,location,metaobject_handle
Dry feet,"Ran a wet week in them,
and they ""dried"" by morning.",5,2024-03-05 06:07:08 UTC,web,ok,Ada,ada@example.org,111,tern-2,Thank you!,\
2024-03-06 10:00:00 UTC,"https://pics.example/1.jpg,javascript:alert(1)",192.0.2.7,Riga,jm-1
,Too warm for me.,2,2024-03-04 06:07:08 UTC,email,spam,,bert@example.org,111,tern-2,,,,192.0.2.8,,jm-2
"""
LOOX = """\
id,status,rating,email,nickname,full_name,review,date,productId,handle,img,variant,verified_purchase
L1,Active,4,ada@example.org,Ada,Ada Lovelace,Fits well &amp; dries fast.,2024-05-01T10:00:00.000Z,111,tern-2,,Blue,true
L2,Hidden,1,,bert@example.org,Bert,<p>Fell apart.</p><br>Twice.,2024-05-02T10:00:00.000Z,111,tern-2,\
https://pics.example/2.jpg,Red,false
"""
SHOPIFY = """\
product_handle,state,rating,title,author,email,location,body,reply,created_at,replied_at
tern-2,published,5,Lovely,Ada,ada@example.org,Riga,Would buy again.,,2019-01-02 03:04:05 +0200,
tern-2,unpublished,3,So so,Bert,bert@example.org,,It is a shoe.,,2019-02-02 03:04:05 +0200,
"""
YOTPO = """\
Review Title;Review Content;Review Score;Date;Product ID;Product Title;Product URL;Display Name;Email;Verified Purchase
Schön;Größe passt – prima;5;25/03/2024;111;Tern 2;https://shop.example/products/tern-2?a=1;Ada;ada@example.org;Yes
Naja;Etwas eng;3;04/03/2024;111;Tern 2;https://shop.example/products/tern-2;Bert;bert@example.org;
"""
OKENDO = """\
Review ID,Product ID,Product Name,Rating,Title,Body,Reviewer Name,Is Verified Buyer,Date Created,Status,Skin Type
OK-1,gid://shopify/Product/111,Tern 2,4,Fine,They do the job.,Ada L.,TRUE,2024-06-01T00:00:00Z,approved,Dry
OK-2,gid://shopify/Product/999,Gone,4,Fine,They do the job too.,Bert,FALSE,2024-06-02T00:00:00Z,approved,Oily
"""
POWERREVIEWS = """\
Review Id,Page Id,Review Display,Review Title,Review Date,Review Location,Review Text,Rating,Verified Buyer,\
Review Status
900,TERN-2,Ada,Good,03/25/2024,Riga,Good on gravel.,5,Yes,Approved
901,TERN-2,Bert,Bad,03/04/2024,Riga,Bad on ice.,1,No,Rejected
"""
